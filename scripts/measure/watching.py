# SPDX-License-Identifier: Apache-2.0
"""Three nodes that know each other, and what passes between two of them."""

import collections
import random
import time

import numpy as np

import capture
import laboratory as lab

# IPv4 and UDP.
HEADERS = 28
WATCHED, SPEAKER, OTHER = 1, 2, 3


def acquainted(*options):
    """Links that stand whether there is a room or not, as those of one seed list do."""
    flock = lab.Flock(3, "--page", "off", *options)
    addresses = [node.ready["addresses"][0] for node in flock.nodes]
    for node in flock.nodes:
        for address in addresses[: node.number - 1]:
            node.ask(request="connect", address=address, wait=True)
    lab.wait_until(
        lambda: all(len(node.status()["peers"]) == 2 for node in flock.nodes), 20, "all links")
    time.sleep(3)
    return flock


def meet(flock):
    """Everybody into a room of the watched node's."""
    flock.gather()
    lab.wait_until(flock.is_settled, 30, "everybody in both trees")


def part(flock):
    for node in flock.nodes:
        for room in node.status()["rooms"]:
            node.ask(request="leave", room=room["room"])


class Link:
    """Datagrams between two nodes over some time, seen at the first's interface."""

    def __init__(self, datagrams, here, there, begin, end):
        ends = {lab.address(here), lab.address(there)}
        self.seconds = end - begin
        mine = [
            datagram for datagram in datagrams
            if {datagram.source[0], datagram.target[0]} == ends and begin <= datagram.time < end
        ]
        self.out = [datagram for datagram in mine if datagram.outgoing]
        self.into = [datagram for datagram in mine if not datagram.outgoing]
        self.begin = begin

    def ways(self):
        return [("out", self.out), ("in", self.into)]

    def counts(self, way, pause=1.0):
        """Datagrams in each whole second."""
        times = np.array([datagram.time - self.begin for datagram in way])
        edges = np.arange(0, self.seconds - pause + 1e-9, pause)
        return np.array([np.count_nonzero((times >= e) & (times < e + pause)) for e in edges])

    def row(self, name, way_name, way):
        sizes = collections.Counter(len(datagram.payload) for datagram in way)
        size = sum(len(datagram.payload) + HEADERS for datagram in way)
        gaps = 1_000 * np.diff([datagram.time for datagram in way]) if len(way) > 1 else [0]
        counts = self.counts(way)
        quantiles = np.percentile(gaps, [1, 50, 99])
        shown = ", ".join(f"{size} B: {count}" for size, count in sorted(sizes.items()))
        return [
            name, way_name, f"{len(way) / self.seconds:.2f}", f"{size / self.seconds:.0f}",
            shown or "none", f"{counts.min()} to {counts.max()}",
            " ".join(f"{value:.2f}" for value in quantiles),
        ]

    def rate(self, way):
        return len(way) / self.seconds

    def bytes_per_second(self, way):
        return sum(len(datagram.payload) + HEADERS for datagram in way) / self.seconds


def watched(seconds, during=lambda: None):
    """What passes the watched node's interface for so long."""
    tape = capture.Capture(WATCHED)
    begin = time.monotonic()
    during()
    left = begin + seconds - time.monotonic()
    if left > 0:
        time.sleep(left)
    end = time.monotonic()
    return tape.stop(), begin, end


def shuffled(values, seed):
    values = list(values)
    random.Random(seed).shuffle(values)
    return np.array(values)
