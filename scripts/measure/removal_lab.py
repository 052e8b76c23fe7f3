# SPDX-License-Identifier: Apache-2.0
"""Removes listeners from a room of real nodes and looks who hears what afterwards.

Run by scripts/measure/removal-lab, which makes the namespaces.
"""

import argparse
import math
import os
import struct
import sys
import time
import wave

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import laboratory as lab  # noqa: E402

RATE = 48_000
# Of speech; the removals come after so many seconds of it.
SECONDS, SLOWLY, AT_ONCE = 16, 5, 11
# Over which bytes are counted, before a removal and after it.
STRETCH = 4.0
AFTERWARDS = 1.5
FAILURES = []


def arguments():
    parser = argparse.ArgumentParser(prog="removal-lab", description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=60)
    parser.add_argument("--delay", type=float, default=20, help="ms on the way to each node")
    parser.add_argument("--settle", type=float, default=30, help="seconds before speech")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


def tone(path, seconds):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        samples = (int(8_000 * math.sin(index / 17)) for index in range(seconds * RATE))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


class Removal:
    """One listener goes; bytes of the others before and after."""

    def __init__(self, flock, meter, victim, at_once):
        self.victim, self.at_once = victim, at_once
        person = victim.room()["stage"]["person"]
        _, first = meter.read()
        time.sleep(STRETCH / 2)
        _, second = meter.read()
        self.began = time.time_ns()
        flock.nodes[0].ask(request="mod", action="remove", person=person, immediate=at_once)
        time.sleep(STRETCH / 2)
        _, third = meter.read()
        others = [n.number for n in flock.nodes if n is not victim]
        excess = sorted(third[n] - 2 * second[n] + first[n] for n in others)
        self.cost = sum(excess) / len(excess)
        self.most = excess[-1]

    def last_frame(self, watch):
        heard = watch.heard[self.victim.number].values()
        return (max(heard) - self.began) / 1e6 if heard else float("-inf")


def main():
    given = arguments()
    with lab.Flock(given.nodes) as flock:
        flock.gather()
        lab.wait_until(flock.is_settled, 120, "everybody in both trees")
        time.sleep(given.settle)
        speaker, *listeners = flock.nodes
        watch = lab.FrameWatch(flock.nodes)
        meter = lab.Meter(given.nodes)
        process = speaker.speak(tone(flock.folder + "/tone.wav", SECONDS))
        began = time.monotonic()
        removals = []
        for moment, at_once, victim in [
                (SLOWLY, False, listeners[len(listeners) // 3]),
                (AT_ONCE, True, listeners[len(listeners) * 2 // 3])]:
            time.sleep(max(0, began + moment - STRETCH / 2 - time.monotonic()))
            removals.append(Removal(flock, meter, victim, at_once))
        process.wait(SECONDS + 10)
        time.sleep(AFTERWARDS)
        load = os.getloadavg()[0]
        gone = {removal.victim.number for removal in removals}
        missing = {
            n.number: len(set(watch.sent) - set(watch.heard[n.number]))
            for n in listeners if n.number not in gone}
        out = [n.number for n in listeners if n.number in gone and n.room()]
        watch.close()
    worst = max(missing.values())
    rows = []
    for removal in removals:
        last = removal.last_frame(watch)
        limit = 300 if removal.at_once else 1_500
        if last > limit:
            FAILURES.append(f"{last:.0f} ms")
        rows.append([
            "at once" if removal.at_once else "usual", f"{last:.0f}", str(limit),
            f"{removal.cost:.0f}", f"{removal.most:.0f}"])
    if out or worst > 27:
        FAILURES.append(f"still in: {out}; missing: {worst}")
    text = [
        f"# A removal from a room of {given.nodes} processes", "",
        lab.provenance("scripts/measure/removal-lab " + " ".join(sys.argv[1:])),
        f"- {given.nodes} nodes in namespaces of their own, {given.delay:g} ms on the way to each; "
        f"load of the machine {load:.1f}", "",
        "An honest listener that is removed leaves as soon as it knows: its last frame shows how "
        "fast the word travels. What one that keeps everything could open is measured in "
        "[stage.md](stage.md). Bytes are those into the other nodes in the "
        f"{STRETCH / 2:g} s after the operation, less those in as long before.", "",
        lab.table(
            ["removal", "last frame heard, ms", "aim, ms", "bytes a node, mean", "most"], rows), "",
        f"Of {len(watch.sent)} frames the other {len(missing)} listeners missed "
        f"{sum(missing.values())} in all, one of them {worst} (both removals together; aim 2 and "
        "25).",
    ]
    lab.save("\n".join(text), given.result)
    for failure in FAILURES:
        lab.say(f"FAILED: {failure}")
    return 1 if FAILURES else 0


if __name__ == "__main__":
    lab.run(main)
