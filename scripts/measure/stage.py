# SPDX-License-Identifier: Apache-2.0
"""Makes a page of what the tests of the stage printed: stage.py LINES RESULT"""

import datetime
import os
import platform
import subprocess
import sys

PARTS = [
    ("removal:", "A removal", """\
One person speaks, a listener is removed. Bytes are all that comes into a node, IP and UDP headers
too, in the 4 s after the operation, less those of the same world without it. The last frame is the
last that somebody who keeps everything could open. Losses are of the listener that missed most of
200 frames. Aims: 1 kB at 10, 2.5 at 50; 1.5 s, at once 0.3 s; 2 frames, at once 25."""),
    ("grants:", "Keys under way", """\
Fourteen nodes pass operations, announcements and keys on in random orders while two moderators in
two halves remove two people. A leak is a key that an honest node gives to somebody removed before
it was made. Without the frontier rule it has to leak, or the test would show nothing."""),
    ("sets:", "Sets of operations", """\
10,000 random sets, each in another order and with duplicates, come to one roster each (three ways:
at once, shuffled, one by one)."""),
    ("forgery:", "Sound made up by who holds the key", """\
A relay in a room of ten makes up sound under the speaker's key for 3 s: in place of what it passes
on (replaced), the same under the very tag of what it replaces (sameTag), before the speaker says it
(ahead), or for somebody who speaks no more (silent).
Figures are of the listener that heard most, and of the one that lost most of 150 genuine frames.
Aims: at most 400 ms, median 120 ms of replaced frames; strict, and silent: 0."""),
]


def main(lines, result):
    with open(lines) as file:
        lines = [line.strip() for line in file]
    times = ", ".join(line[len("time: "):] for line in lines if line.startswith("time: "))
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True,
        text=True, check=True).stdout.strip()
    made = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    text = [
        "# The stage, measured", "",
        "- made by `scripts/measure/stage`",
        f"- at commit `{commit}`, release build, on {made}",
        f"- on {len(os.sched_getaffinity(0))} cores, Linux {platform.release()}, in virtual time: "
        "the seeds stand in the tests, and the same commit gives the same figures",
        f"- took: {times}", "",
    ]
    for prefix, title, about in PARTS:
        found = [line[len(prefix):].strip() for line in lines if line.startswith(prefix)]
        if found:
            text += [f"## {title}", "", about, ""] + [f"- {line}" for line in found] + [""]
    with open(result, "w") as file:
        file.write("\n".join(text).rstrip() + "\n")
    print(f"Written: {result}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:3])
