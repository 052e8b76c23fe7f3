# SPDX-License-Identifier: Apache-2.0
"""Joins a room by link while somebody speaks there, and times the first frame that is heard.

Run by scripts/measure/join-latency, which makes the namespaces.
"""

import argparse
import os
import random
import shlex
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import laboratory as lab  # noqa: E402
import sound  # noqa: E402

# Milliseconds, median and 95th percentile (promise: open a link, hear the room).
WANTED = (500, 1_000)
PATIENCE = 15


def arguments():
    parser = argparse.ArgumentParser(prog="join-latency", description=__doc__.splitlines()[0])
    parser.add_argument("--joins", type=int, default=50)
    parser.add_argument("--nodes", type=int, default=8, help="in the room before")
    parser.add_argument("--delay", type=float, default=20, help="ms on the way to each node")
    parser.add_argument("--jitter", type=float, default=0, help="ms either way")
    parser.add_argument("--loss", type=int, default=0, help="of 1,000 packets to each node")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


class Join:
    """One newcomer with a new identity. Times are in milliseconds."""

    def __init__(self, number, folder, link):
        started = time.time_ns()
        node = lab.Node(number, folder)
        try:
            node.wait_until_up()
            self.start = (time.time_ns() - started) / 1e6
            # At any moment of a frame, and with the node at rest.
            time.sleep(0.5 + random.random())
            self.join(node, link)
        finally:
            node.process.stdin.close()
            node.stop()

    def join(self, node, link):
        command, frames = lab.Control(node.control), lab.Control(node.control)
        began = time.time_ns()
        command.ask(request="join", link=link, name="newcomer")
        self.joined = (time.time_ns() - began) / 1e6
        frames.ask(request="frames")
        frames.socket.settimeout(PATIENCE)
        try:
            self.heard = (frames.line()["t"] - began) / 1e6
        except TimeoutError:
            self.heard = None
        # Heard before the watch began: then the answer to the join is the closest known bound.
        if self.heard is not None:
            self.heard = max(self.heard, 0)
        command.close()
        frames.close()


def measure(given):
    joins = []
    with lab.Flock(given.nodes) as flock:
        flock.gather()
        lab.wait_until(flock.is_settled, 30, "everybody in both trees")
        talk = lab.Talk(flock.nodes[0], sound.speech(20).tobytes())
        try:
            time.sleep(5)
            for number in range(1, given.joins + 1):
                folder = f"{flock.folder}/join{number}"
                os.mkdir(folder)
                join = Join(given.nodes + 1, folder, flock.link)
                joins.append(join)
                lab.say(f"join {number}: in after {join.joined:.0f} ms, "
                        f"heard after {lab.decimals(join.heard, 0)} ms, "
                        f"process {join.start:.0f} ms")
        finally:
            talk.stop()
    return joins


def report(given, joins, command):
    missed = sum(join.heard is None for join in joins)
    heard = [join.heard if join.heard is not None else float("inf") for join in joins]
    whole = [join.start + value for join, value in zip(joins, heard)]
    joined = [join.joined for join in joins]

    def figures(values):
        shares = [lab.quantile(values, share) for share in (0.5, 0.95)]
        return [f"{min(values):.0f}", *(f"{value:.0f}" for value in shares), f"{max(values):.0f}"]

    met = lab.quantile(heard, 0.5) <= WANTED[0] and lab.quantile(heard, 0.95) <= WANTED[1]
    text = "\n\n".join([
        "# From the link to the first sound",
        "A node that is up but knows nobody is given an invite link to a room of "
        f"{given.nodes}, in "
        f"which one speaks without pause. Timed is from the request at the control socket to the "
        f"first frame of the speaker that was received, proven to be in the room's key and handed "
        f"to the ear (`frames`). The way to each node: {given.delay:.0f} ms delay, "
        f"{given.jitter:.0f} ms jitter either way, {given.loss} of 1,000 packets lost; a "
        "round trip "
        f"between two nodes is twice the delay. Each of {len(joins)} joins is by a new identity; "
        f"the jitter buffer's first wait of 60 ms is not in these figures.",
        lab.provenance(command),
        f"Wanted: median <= {WANTED[0]} ms and 95th percentile <= {WANTED[1]} ms: "
        + ("met." if met else "**not met**.") + f" Joins without any sound: {missed}.",
        lab.table(["milliseconds", "least", "p50", "p95", "most"], [
            ["join request to first frame", *figures(heard)],
            ["join request to the answer that one is in", *figures(joined)],
            ["start of the process (with a new identity) to first frame", *figures(whole)],
        ]),
        "Each join, in ms: " + ", ".join(f"{value:.0f}" for value in heard) + ".",
    ])
    return text, met


def main():
    given = arguments()
    joins = measure(given)
    command = "scripts/measure/join-latency " + shlex.join(sys.argv[1:])
    text, met = report(given, joins, command)
    lab.save(text, given.result)
    return 0 if met else 1


lab.run(main)
