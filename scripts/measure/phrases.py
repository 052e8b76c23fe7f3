# SPDX-License-Identifier: Apache-2.0
"""Tells twenty phrases apart by the datagrams of one link, as well as it can.

Run by scripts/measure/phrases, which makes the namespaces. Many pairs of nodes speak at once, each
in a room of its own. A recorded phrase is held against all that were said in other rounds, and
taken for the one that is most like it. The control: the same sound at a variable bit rate.
"""

import argparse
import concurrent.futures
import os
import shlex
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import capture  # noqa: E402
import laboratory as lab  # noqa: E402
import matching  # noqa: E402
import phrase_set  # noqa: E402
import sound  # noqa: E402

WAYS = [
    ("open microphone", False, []),
    ("push to talk", True, []),
    ("push to talk, with cover", True, ["--cover"]),
]
# Between two presses of the key, beside the slot.
PAUSE = 0.3
BIN = 0.02
AIM, CONTROL_AIM = 0.06, 0.3
# Bytes of UDP around a frame of the control: a number and a tag, say; the same for each.
AROUND = 53


def arguments():
    parser = argparse.ArgumentParser(prog="phrases", description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=4, help="of nodes for each way of speaking")
    parser.add_argument("--rounds", type=int, default=8, help="of all phrases, by each pair")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


class Pair:
    """Two nodes in a room, one of which speaks; and its datagrams as they reach the other."""

    def __init__(self, place, presses, options):
        self.listener, self.speaker = 2 * place + 1, 2 * place + 2
        self.presses = presses
        self.dice = np.random.default_rng(100 + place)
        self.flock = lab.Flock([self.listener, self.speaker], "--page", "off", *options)
        self.flock.gather()
        lab.wait_until(self.flock.is_settled, 30, "both in both trees")
        self.marks, self.sounds, self.kept = [], [], []

    def say_all(self, phrases, rounds):
        """Notes (phrase, round, when it began)."""
        tape = capture.Capture(self.listener)
        orders = [self.dice.permutation(len(phrases)) for _ in range(rounds)]
        turns = [(int(phrase), number) for number, order in enumerate(orders) for phrase in order]
        (self.press if self.presses else self.stay_open)(phrases, turns)
        ends = lab.address(self.speaker), lab.address(self.listener)
        return [each for each in tape.stop() if (each.source[0], each.target[0]) == ends]

    def press(self, phrases, turns):
        """Each phrase is a stream of its own."""
        path = f"{self.flock.folder}/said.wav"
        for phrase, number in turns:
            sound.write_wav(path, phrase_set.whole_numbers(
                phrase_set.said(phrases[phrase], self.dice)))
            begin = time.monotonic()
            process = self.flock.nodes[1].speak(path)
            if process.wait(20) != 0:
                raise lab.Failed("speak ended with an error")
            time.sleep(max(0, begin + phrase_set.SLOT + PAUSE - time.monotonic()))
            self.marks.append((phrase, number, begin))

    def stay_open(self, phrases, turns):
        """A minute at a time, with silence after each phrase."""
        self.sounds = [phrase_set.in_slot(phrase_set.said(phrases[phrase], self.dice), self.dice)
                       for phrase, _ in turns]
        spans = sound.streams(self.flock.nodes[1], self.sounds)
        self.kept = [place for place, span in enumerate(spans) if span]
        self.marks = [(*turns[place], spans[place][0]) for place in self.kept]


def sequences(datagrams, marks):
    """For each phrase: sizes in order, and bytes in every 20 ms."""
    times = np.array([each.time for each in datagrams])
    sizes = np.array([len(each.payload) for each in datagrams])
    in_order, by_clock = [], []
    edges = int(round(phrase_set.SLOT / BIN))
    for _, _, begin in marks:
        inside = (times >= begin) & (times < begin + phrase_set.SLOT)
        in_order.append(sizes[inside])
        by_clock.append(np.histogram(
            times[inside] - begin, edges, (0, phrase_set.SLOT), weights=sizes[inside])[0])
    return in_order, by_clock


def control(pair):
    """Sizes a codec of variable rate gives the same sound."""
    sizes = np.array(phrase_set.variable_sizes(np.concatenate(pair.sounds))) + AROUND
    return list(sizes.reshape(len(pair.sounds), -1)[pair.kept])


def judged(name, what, recorded, marks):
    """A row of the table, how many were right, and what chance reaches."""
    if not marks:
        raise lab.Failed(f"{name}: no stream kept its time")
    labels = np.array([phrase for _, phrase, _ in marks])
    rounds = np.array([1_000 * pair + number for pair, _, number in marks])
    found = matching.nearest(matching.distances(matching.padded(recorded)), rounds)
    score = matching.accuracy(found, labels)
    mean, most = matching.by_chance(found, labels)
    row = [name, what, len(labels), f"{score:.3f}", f"{mean:.3f}", f"{most:.3f}"]
    lab.say(" | ".join(map(str, row)))
    return row, score, most


def spoken(given):
    """For each way of speaking its pairs and what was recorded of them."""
    phrases = phrase_set.phrases()
    pairs = []
    try:
        for way, (_, presses, options) in enumerate(WAYS):
            for number in range(given.pairs):
                pairs.append(Pair(way * given.pairs + number, presses, options))
        time.sleep(3)
        lab.say(f"{len(pairs)} pairs speak ...")
        with concurrent.futures.ThreadPoolExecutor(len(pairs)) as pool:
            tapes = list(pool.map(lambda pair: pair.say_all(phrases, given.rounds), pairs))
        busy = os.getloadavg()[0]
    finally:
        for pair in pairs:
            pair.flock.stop()
    parts = [(pairs[start : start + given.pairs], tapes[start : start + given.pairs])
             for start in range(0, len(pairs), given.pairs)]
    return parts, busy


def main():
    given = arguments()
    command = "scripts/measure/phrases " + shlex.join(sys.argv[1:])
    parts, busy = spoken(given)
    rows, fine, strong = [], {}, True
    for (name, _, _), (pairs, tapes) in zip(WAYS, parts):
        marks, in_order, by_clock, variable = [], [], [], []
        for number, (pair, tape) in enumerate(zip(pairs, tapes)):
            marks += [(number, phrase, turn) for phrase, turn, _ in pair.marks]
            first, second = sequences(tape, pair.marks)
            in_order += first
            by_clock += second
            if pair.sounds:
                variable += control(pair)
        for what, recorded in (("sizes in order", in_order), ("bytes every 20 ms", by_clock)):
            row, score, most = judged(name, what, recorded, marks)
            rows.append(row)
            fine[name] = fine.get(name, True) and score <= max(AIM, most)
        if variable:
            row, score, _ = judged("control: variable bit rate", "sizes in order", variable, marks)
            rows.append(row)
            strong = score > CONTROL_AIM
    lab.save(report(command, given, rows, fine, strong, busy), given.result)
    return 0 if all(fine.values()) and strong else 1


def report(command, given, rows, fine, strong, busy):
    verdicts = "; ".join(f"{name}: {'met' if met else '**not met**'}" for name, met in fine.items())
    times = sum(row[2] for row in rows if row[1] == "sizes in order") / phrase_set.COUNT
    times /= sum(row[1] == "sizes in order" for row in rows)
    return "\n\n".join([
        "# Which phrase",
        f"{phrase_set.COUNT} phrases of {phrase_set.SHORTEST} to {phrase_set.LONGEST} s, cut from "
        f"recorded speech, each said {times:.0f} times (50 were aimed at) for each way of "
        "speaking: by "
        f"{given.pairs} speakers of rooms of two, {given.rounds} times each, in an order drawn "
        "anew; every time at another pace (4 %), level (6 dB) and moment (0.1 s), over noise of "
        f"its own. All {3 * given.pairs} rooms at once. Datagrams from the speaker as they reach "
        f"the listener, in the {phrase_set.SLOT:.0f} s from where a phrase begins, which the "
        "watcher is told. An open microphone sends on after the phrase; with push to talk "
        "(`speak FILE`) the stream ends with it. Dynamic time warping within "
        f"{matching.BAND} elements, nearest of all other rounds. By chance: the same with names "
        "exchanged, 200 times; one in 20 guesses is right.",
        lab.provenance(command) + f"; while they spoke {busy:.2f}",
        lab.table(["stream", "compared", "phrases", "right", "by chance, mean",
                   "19 of 20 are below"], rows),
        f"Wanted: {AIM} or what chance reaches; and more than {CONTROL_AIM} for the control, which "
        "shows that the matcher finds what there is to find. Control: "
        f"{'met' if strong else '**not met**'}; {verdicts}.",
    ])


lab.run(main)
