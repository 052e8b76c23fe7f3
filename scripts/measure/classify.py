# SPDX-License-Identifier: Apache-2.0
"""Tells speech from silence by sizes and times of one link's datagrams, as well as it can.

Run by scripts/measure/classify, which makes the namespaces. The control is the same traffic as a
sender with discontinuous transmission would leave it.
"""

import argparse
import os
import random
import shlex
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import capture  # noqa: E402
import classifier  # noqa: E402
import laboratory as lab  # noqa: E402
import sound  # noqa: E402
import watching  # noqa: E402
from watching import SPEAKER, WATCHED  # noqa: E402

# Of a block's beginning so much is left out: the node keeps up to 160 ms, and a codec remembers.
MARGIN = 0.4
# What a codec with discontinuous transmission sends in silence: one packet in 400 ms of 20 ms.
SILENT_SHARE = 1 / 20


def arguments():
    parser = argparse.ArgumentParser(prog="classify", description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=40, help="of speech, and as many of silence")
    parser.add_argument("--seconds", type=float, default=4, help="of each block")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


def spoken(node, blocks, seconds):
    """Speech and silence in an order without rhythm: kinds of blocks, when they began and ended."""
    kinds = ["speech", "silence"] * blocks
    random.Random(3).shuffle(kinds)
    voice = sound.speech(600)
    count = int(seconds * sound.RATE) // 960 * 960

    def sounds():
        for place, kind in enumerate(kinds):
            if kind == "speech":
                yield np.take(voice, np.arange(place * count, (place + 1) * count), mode="wrap")
            else:
                yield np.zeros(count, np.int16)

    spans = sound.streams(node, sounds())
    return [(kind, *span) for kind, span in zip(kinds, spans) if span]


def paused(datagrams, blocks):
    """As discontinuous transmission would have left the same datagrams."""
    dice = random.Random(11)
    quiet = [(begin, end) for kind, begin, end in blocks if kind == "silence"]
    return [
        datagram for datagram in datagrams
        if not any(begin <= datagram.time < end for begin, end in quiet)
        or dice.random() < SILENT_SHARE
    ]


def main():
    given = arguments()
    command = "scripts/measure/classify " + shlex.join(sys.argv[1:])
    rows, fine = [], True
    for name, options in (("off", []), ("on", ["--cover"])):
        lab.say(f"cover {name}")
        with watching.acquainted(*options) as flock:
            watching.meet(flock)
            time.sleep(3)
            tape = capture.Capture(WATCHED)
            blocks = spoken(flock.nodes[SPEAKER - 1], given.blocks, given.seconds)
            datagrams = tape.stop()
        ends = {lab.address(WATCHED), lab.address(SPEAKER)}
        sent = [d for d in datagrams if not d.outgoing
                and {d.source[0], d.target[0]} == ends]
        kinds = [("as it is", sent)]
        if name == "off":
            kinds.append(("control: paused in silence", paused(sent, blocks)))
        for what, way in kinds:
            table = classifier.windows(way, blocks, MARGIN)
            score = classifier.accuracy(*table)
            mean, most = classifier.by_chance(*table)
            rows.append([name, what, len(table[1]), f"{score:.3f}", f"{mean:.3f}", f"{most:.3f}"])
            if what == "as it is":
                fine = fine and score <= max(0.52, most)
            else:
                fine = fine and score >= 0.9
    lab.save(report(command, rows, fine), given.result)
    return 0 if fine else 1


def report(command, rows, fine):
    return "\n\n".join([
        "# Speech or silence",
        "One link from a speaker, in windows of 100 ms: count, bytes, gaps (mean, spread, least, "
        "most), sizes, and their squares; logistic regression; balanced "
        "accuracy on blocks that were not learnt from. By chance: the same with the names of "
        "blocks exchanged at random, twenty times.",
        lab.provenance(command),
        lab.table(["cover", "datagrams", "windows", "accuracy", "by chance, mean", "highest"],
                  rows),
        "Wanted: at most 0.52 or what chance reaches, and 0.9 for the control, which shows that "
        "the classifier finds what there is to find: " + ("met." if fine else "**not met**."),
    ])


lab.run(main)
