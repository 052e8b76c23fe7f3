# SPDX-License-Identifier: Apache-2.0
"""Looks at a node's datagrams with the eyes of somebody on the way, and knocks at its port.

Run by scripts/measure/wire, which makes the namespaces.
"""

import argparse
import base64
import collections
import math
import os
import shlex
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import capture  # noqa: E402
import laboratory as lab  # noqa: E402
import probes  # noqa: E402
import sound  # noqa: E402

SPEAKER, LISTENERS, PROBER, SINK = 1, (2, 3, 4), 5, 6
# Chance that a test of random bytes fails although they are random, all positions together.
SIGNIFICANCE = 1e-3
CURVE, CURVE_A = 2**255 - 19, 486_662


def arguments():
    parser = argparse.ArgumentParser(prog="wire", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=50, help="of each kind of sound")
    parser.add_argument("--random", type=int, default=1_000_000, help="random datagrams")
    parser.add_argument("--hellos", type=int, default=600, help="first messages to look at")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


# What a talker's datagrams show


def chords(seconds):
    """Four chords of piano-like tones, half a second each."""
    moments = np.arange(int(sound.RATE * 0.5)) / sound.RATE
    pieces = []
    for notes in [(0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)]:
        tones = sum(
            np.sin(2 * np.pi * 261.63 * 2 ** (note / 12) * overtone * moments) / overtone**1.5
            for note in notes for overtone in range(1, 9))
        pieces.append(tones * np.exp(-3 * moments))
    bar = np.concatenate(pieces)
    whole = np.tile(bar, int(seconds / 2) + 1)[: int(seconds * sound.RATE)]
    return (whole / np.abs(whole).max() * 20_000).astype(np.int16)


def spoken(node, kind, seconds, folder):
    """Outgoing datagrams while one kind of sound is sent, without its first and last moments."""
    path = f"{folder}/{kind}.wav"
    tape = capture.Capture(SPEAKER)
    if kind == "mute":
        process = lab.subprocess.Popen(
            [lab.STARLING, "speak", "-", "--control", node.control],
            stdin=lab.subprocess.PIPE, stdout=lab.subprocess.DEVNULL,
            stderr=lab.subprocess.DEVNULL)
        # On stage with the first sound; from then on nothing comes.
        process.stdin.write(bytes(2 * sound.RATE // 2))
        process.stdin.flush()
    else:
        if kind == "speech":
            samples = np.tile(sound.speech(30), int(seconds / 24) + 2)[: int(seconds * sound.RATE)]
        elif kind == "music":
            samples = chords(seconds)
        else:
            samples = np.zeros(int(seconds * sound.RATE), np.int16)
        sound.write_wav(path, samples)
        process = node.speak(path)
    began = time.monotonic()
    time.sleep(seconds)
    ended = time.monotonic()
    if kind == "mute":
        process.stdin.close()
    process.wait(20)
    port = (lab.address(SPEAKER), lab.PORT)
    return [
        datagram for datagram in tape.stop()
        if datagram.outgoing and datagram.source == port
        and began + 2 < datagram.time < ended - 0.5
    ]


def sizes(parts, seconds):
    """A row for each kind of sound."""
    rows = []
    for kind, datagrams in parts.items():
        counts = collections.Counter(len(datagram.payload) for datagram in datagrams)
        most, number = counts.most_common(1)[0]
        others = ", ".join(f"{size} B: {count}" for size, count in sorted(counts.items())
                           if size != most) or "none"
        rows.append([
            kind, len(datagrams), f"{len(datagrams) / (seconds - 2.5):.1f}", most,
            f"{number / len(datagrams):.2%}", others])
    return rows


# Random or not


def chi_square_tail(value, freedom):
    """Chance of at least `value` (Wilson and Hilferty 1931)."""
    cube = (value / freedom) ** (1 / 3)
    spread = 2 / (9 * freedom)
    return 0.5 * math.erfc((cube - (1 - spread)) / math.sqrt(2 * spread))


def by_position(payloads):
    """Smallest chance of any byte position, and the commonest byte's largest share."""
    block = np.frombuffer(b"".join(payloads), np.uint8).reshape(len(payloads), -1)
    expected = len(payloads) / 256
    least, share = 1.0, 0.0
    for column in block.T:
        counts = np.bincount(column, minlength=256)
        least = min(least, chi_square_tail(float(((counts - expected) ** 2 / expected).sum()), 255))
        share = max(share, counts.max() / len(payloads))
    return least, share, block.shape[1]


def by_bit(payloads, length):
    """Smallest chance of any bit among the first `length` bytes."""
    block = np.unpackbits(
        np.array([list(payload[:length]) for payload in payloads], np.uint8), axis=1)
    ones = block.sum(axis=0)
    away = np.abs(ones - len(payloads) / 2) / math.sqrt(len(payloads) / 4)
    return float(math.erfc(away.max() / math.sqrt(2))), length * 8


def is_on_curve(bytes32):
    """Every X25519 public key is the u of a point; of random numbers half are."""
    u = int.from_bytes(bytes32, "little") % CURVE
    right = (u * u * u + CURVE_A * u * u + u) % CURVE
    return right == 0 or pow(right, (CURVE - 1) // 2, CURVE) == 1


def by_curve(payloads, length):
    """Smallest chance, over all places a public key may begin at, of so many points there."""
    sample = payloads[:200]
    least = 1.0
    for start in range(length - 31):
        points = sum(is_on_curve(payload[start : start + 32]) for payload in sample)
        away = (points - len(sample) / 2) / math.sqrt(len(sample) / 4)
        least = min(least, 0.5 * math.erfc(away / math.sqrt(2)))
    return least, length - 31


def verdict(name, count, least, tests):
    corrected = min(1.0, least * tests)
    return [name, count, tests, f"{least:.2g}", f"{corrected:.2g}",
            "yes" if corrected > SIGNIFICANCE else "**no**"], corrected > SIGNIFICANCE


# First messages


def first_messages(node, count):
    """Many, because nobody is there to answer: each address is dialled several times."""
    tape = capture.Capture(node.number)
    control = lab.Control(node.control)
    sent = []
    while len(sent) < count:
        for _ in range(60):
            key = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
            control.ask(
                request="connect", wait=False,
                address=f"starling://{key}@{lab.address(SINK)}:{lab.PORT}")
        time.sleep(8.5)
        sent = [d for d in tape.datagrams if d.target == (lab.address(SINK), lab.PORT)]
        lab.say(f"{len(sent)} first messages")
    tape.stop()
    control.close()
    return [d.payload for d in sent]


def handshakes(flock, count):
    """Whole handshakes of newcomers with the speaker: all they said, in order."""
    speaker = flock.nodes[0]
    address = probes.own_address(speaker)
    tapes = []
    for number in range(count):
        folder = f"{flock.folder}/dial{number}"
        os.mkdir(folder)
        tape = capture.Capture(SINK)
        node = lab.Node(SINK, folder, "--peer", address, "--no-relay")
        try:
            node.wait_until_up()
            lab.wait_until(lambda: node.status()["peers"], 5, "a link")
        finally:
            node.process.stdin.close()
            node.stop()
        tapes.append(tape.stop())
    return tapes




def main():
    given = arguments()
    command = "scripts/measure/wire " + shlex.join(sys.argv[1:])
    with lab.Flock(1 + len(LISTENERS)) as flock:
        flock.gather()
        lab.wait_until(flock.is_settled, 30, "everybody in both trees")
        time.sleep(5)
        speaker = flock.nodes[0]
        parts = {}
        for kind in ("speech", "music", "silence", "mute"):
            lab.say(f"{kind} ...")
            parts[kind] = spoken(speaker, kind, given.seconds, flock.folder)
            time.sleep(2)
        size_rows = sizes(parts, given.seconds)
        hellos = first_messages(flock.nodes[1], given.hellos)
        tapes = handshakes(flock, 40)
        random_rows, is_random = randomness(parts, hellos, tapes)
        knocks, is_silent = probes.knock(flock, PROBER, SINK, given.random)
    one_size = len({row[3] for row in size_rows}) == 1 and all(
        row[5] == "none" for row in size_rows
    )
    lab.save(report(given, size_rows, one_size, random_rows, knocks, command), given.result)
    return 0 if is_random and is_silent and one_size else 1


def randomness(parts, hellos, tapes):
    rows, fine = [], True

    def add(row, good):
        nonlocal fine
        fine = fine and good
        rows.append(row)

    for kind, datagrams in parts.items():
        size = collections.Counter(len(d.payload) for d in datagrams).most_common(1)[0][0]
        payloads = [d.payload for d in datagrams if len(d.payload) == size]
        least, share, tests = by_position(payloads)
        add(*verdict(f"{kind}: bytes by position (commonest byte of any: {share:.2%})",
                     len(payloads), least, tests))
    everything = [d.payload for part in parts.values() for d in part if len(d.payload) == 190]
    least, share, tests = by_position(everything)
    add(*verdict(f"all four: bytes by position (commonest byte of any: {share:.2%})",
                 len(everything), least, tests))
    shortest = min(map(len, hellos))
    add(*verdict("first messages: bits by position", len(hellos), *by_bit(hellos, shortest)))
    add(*verdict("first messages: an X25519 key at any place", 200, *by_curve(hellos, shortest)))
    for name, pick in [("second messages", lambda d: not d.outgoing),
                       ("third messages", lambda d: d.outgoing)]:
        chosen = []
        for tape in tapes:
            ours = [d.payload for d in tape
                    if lab.PORT in (d.source[1], d.target[1]) and pick(d)]
            index = 0 if name == "second messages" else 1
            if len(ours) > index:
                chosen.append(ours[index])
        length = min(map(len, chosen))
        add(*verdict(f"{name}: bits by position", len(chosen), *by_bit(chosen, length)))
        add(*verdict(f"{name}: an X25519 key at any place", len(chosen),
                     *by_curve(chosen, length)))
    spread = sorted(map(len, hellos))
    rows.append([f"first messages: {len(set(spread))} sizes from {spread[0]} to {spread[-1]} bytes",
                 len(hellos), "", "", "", ""])
    return rows, fine


def report(given, size_rows, one_size, random_rows, knocks, command):
    return "\n\n".join([
        "# What the wire shows",
        f"A node that speaks to {len(LISTENERS)} others, seen at its interface, and the same node "
        "knocked at from another address.",
        lab.provenance(command),
        "## Sizes", "UDP payloads the speaker sends while it is on stage, two seconds after it "
        "began; mute is `speak -` into which nothing comes any more after half a second.",
        lab.table(["sound", "datagrams", "per second", "bytes", "share of that size", "others"],
                  size_rows),
        "Wanted is one size: " + ("met." if one_size else "**not met**."),
        "## Randomness", "Chi-square of all 256 byte values at each position; bits by position: "
        "share of ones; a key at any place: how many 32-byte strings there are coordinates of a "
        "point of Curve25519, as all public keys are and half of all strings. Chances are two "
        "sided for bits, and corrected for the number of tests made (Bonferroni); wanted are more "
        f"than {SIGNIFICANCE} after correction.",
        lab.table(["what", "samples", "tests", "least chance", "corrected", "looks random"],
                  random_rows),
        "## Knocking", "Everything that came back to the prober's interface over IPv4 is counted, "
        "headers included. Received: what the node's own counter says reached it. Diallers "
        "and probers have 64 addresses, so that no limit per source hides an answer.",
        lab.table(
            ["what was sent", "datagrams", "received", "bytes back", "wanted", "met"], knocks
        ),
    ])


lab.run(main)
