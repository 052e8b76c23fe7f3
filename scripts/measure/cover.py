# SPDX-License-Identifier: Apache-2.0
"""Watches one link while its nodes are idle, in a room, speak and part, with cover and without.

Run by scripts/measure/cover, which makes the namespaces.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import laboratory as lab  # noqa: E402
import sound  # noqa: E402
import watching  # noqa: E402
from watching import OTHER, SPEAKER, WATCHED  # noqa: E402

# What the node says a link costs with IPv4, 80 datagrams of 190 bytes and 28 of headers.
PRICE = 80 * (190 + watching.HEADERS)


def arguments():
    parser = argparse.ArgumentParser(prog="cover", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60,
                        help="of each state; without cover a minute at most")
    parser.add_argument("--visits", type=int, default=20, help="times the room comes and goes")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


def states(flock, seconds):
    """The link between the watched node and the speaker, by what goes on."""
    seen = {}

    def look(name):
        lab.say(f"  {name} ...")
        tape, begin, end = watching.watched(seconds)
        seen[name] = watching.Link(tape, WATCHED, SPEAKER, begin, end)

    look("idle")
    watching.meet(flock)
    look("in a room")
    process = lab.Talk(flock.nodes[SPEAKER - 1], sound.speech(24).astype("<i2").tobytes())
    time.sleep(2)
    look("speech")
    process.stop()
    watching.part(flock)
    time.sleep(1)
    look("after it")
    return seen


def visits(flock, count):
    """Datagrams a second on two links while a room comes and goes, and when there was one."""
    rooms = []

    def come_and_go():
        for visit in range(count):
            begin = time.monotonic()
            flock.gather()
            time.sleep(2 + visit % 3)
            watching.part(flock)
            rooms.append((begin, time.monotonic()))
            time.sleep(2 + visit * visit % 5)

    tape, begin, end = watching.watched(0, come_and_go)
    links = [watching.Link(tape, WATCHED, other, begin, end) for other in (SPEAKER, OTHER)]
    one, two = (link.counts(link.out) for link in links)
    # The share of each second in which there was a room, or which it took to come and go.
    room = np.array([
        sum(max(0, min(last, begin + second + 1) - max(first, begin + second))
            for first, last in rooms) for second in range(len(one))])
    return one, two, room


def by_chance(one, two):
    """What is reached by the one against the other at some other time, in 19 of 20 shifts."""
    reached = [abs(correlation(one, np.roll(two, shift))) for shift in range(5, len(two) - 5)]
    return float(np.quantile(reached, 0.95))


def correlation(one, two):
    if one.std() == 0 or two.std() == 0:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])


def processor(flock, seconds=10):
    """Share of a core that the watched node takes when nothing goes on."""
    def used():
        with open(f"/proc/{flock.nodes[0].pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(seconds)
    return 100 * (used() - before) / seconds


def refusal():
    """What a node says whose line cannot carry one covered link."""
    folder = lab.tempfile.mkdtemp(prefix="starling-refused-")
    done = subprocess.run(
        lab.inside(WATCHED, lab.STARLING, "up", "--data", folder, "--unprotected", "--cover",
                   "--uplink", "100", "--page", "off", "--control", folder + "/control"),
        capture_output=True, text=True, timeout=60)
    lab.shutil.rmtree(folder, ignore_errors=True)
    return done.returncode, done.stderr.strip().splitlines()[-1]


def main():
    given = arguments()
    command = "scripts/measure/cover " + shlex.join(sys.argv[1:])
    rows, ratios, together, costs = [], [], [], []
    one_size = True
    for name, options in (("off", []), ("on", ["--cover"])):
        lab.say(f"cover {name}")
        with watching.acquainted(*options) as flock:
            costs.append([name, f"{processor(flock):.1f} %"])
            seen = states(flock, given.seconds if options else min(60, given.seconds))
            one, two, room = visits(flock, given.visits)
        for state, link in seen.items():
            for way_name, way in link.ways():
                rows.append([name, *link.row(state, way_name, way)])
        for index, way_name in enumerate(("out", "in")):
            idle = seen["idle"].ways()[index][1]
            for state in ("in a room", "speech", "after it"):
                way = seen[state].ways()[index][1]
                packets = seen[state].rate(way) / seen["idle"].rate(idle)
                size = (seen[state].bytes_per_second(way)
                        / seen["idle"].bytes_per_second(idle))
                ratios.append([name, f"{state} to idle", way_name,
                               f"{packets:.3f}", f"{size:.3f}"])
                if name == "on":
                    one_size = one_size and all(0.98 <= ratio <= 1.02 for ratio in (packets, size))
        together.append([
            name, given.visits, len(one), f"{one.min()} to {one.max()}",
            f"{two.min()} to {two.max()}", f"{correlation(one, room):.2f}",
            f"{correlation(two, room):.2f}", f"{by_chance(one, room):.2f}",
            f"{correlation(one, two):.2f}"])
        if name == "on":
            one_size = one_size and abs(correlation(one, room)) <= by_chance(one, room)
            sizes = {len(d.payload) for link in seen.values() for d in link.out + link.into}
            dear = max(link.bytes_per_second(way) for link in seen.values()
                       for _, way in link.ways())
            one_size = one_size and sizes == {190} and dear <= 1.05 * PRICE
    code, sentence = refusal()
    lab.save(report(command, rows, ratios, together, costs, one_size, code, sentence),
             given.result)
    return 0 if one_size and code != 0 else 1


def report(command, rows, ratios, together, costs, fine, code, sentence):
    return "\n\n".join([
        "# What cover hides",
        "Three nodes that have links with each other; the link between the first two, seen at the "
        "first one's interface. Bytes have IPv4 and UDP in them.",
        lab.provenance(command),
        "## One link",
        lab.table(["cover", "state", "way", "datagrams a second", "bytes a second", "sizes",
                   "in one second", "gaps in ms: 1st, 50th, 99th percentile"], rows),
        "## Against idle", "Wanted with cover are 0.98 to 1.02, one size, at most a twentieth "
        f"more than the price of {PRICE} bytes a second, and no more of the room than chance: "
        + ("met." if fine else "**not met**."),
        lab.table(["cover", "what", "way", "datagrams", "bytes"], ratios),
        "## Two links and a room that comes and goes", "Datagrams a second that the watched node "
        "sends on both its links; their correlation with there being a room, and what 19 of 20 "
        "shifts in time reach by chance. Both links have the node's one clock, so that a stall of "
        "the machine shows on both.",
        lab.table(["cover", "visits", "seconds", "one", "the other", "one and the room",
                   "the other and the room", "by chance", "one and the other"], together),
        "## What else it costs", "Share of one core while idle, with two links:",
        lab.table(["cover", "processor"], costs),
        f"A line that is too thin (exit code {code}): {sentence}",
    ])


lab.run(main)
