"""Holds back the packets of one netfilter queue, and loses some, as a far path would.

    delay.py --queue 7 --delay 20 --jitter 5 --loss 0.02 --burst 3 --seed 1
    delay.py --queue 7 --by-source delays.json

Stands in for netem where the kernel was built without it. Runs inside a network namespace whose
rules send packets to the queue; prints "ready" once it is bound. Jitter reorders, as it does out
there. Loss comes in runs of --burst packets on average (a two-state Gilbert model).
"""

import argparse
import heapq
import json
import random
import select
import signal
import socket
import sys
import time

from netfilterqueue import NetfilterQueue

# Packets held at most; the kernel drops what comes on top (guess: 4 s of 2,000 packets/s).
QUEUE_LIMIT = 8192


class Path:
    """Decides for each packet whether it is lost and otherwise when it arrives."""

    def __init__(self, delay, jitter, loss, burst, seed, by_source):
        self.delay = delay
        self.by_source = by_source
        self.jitter = jitter
        self.dice = random.Random(seed)
        self.losing = False
        # Leaving the bad state once in `burst` packets, and entering it often enough for `loss`.
        self.recover = 1 / burst
        self.worsen = self.recover * loss / (1 - loss)

    def loses(self):
        if self.losing:
            self.losing = self.dice.random() >= self.recover
        else:
            self.losing = self.dice.random() < self.worsen
        return self.losing

    def arrival(self, now, packet):
        delay = self.delay
        if self.by_source:
            # The source address of an IPv4 header.
            source = socket.inet_ntoa(packet.get_payload()[12:16])
            delay = self.by_source.get(source, delay)
        return now + max(0.0, delay + self.dice.uniform(-self.jitter, self.jitter))


class Holder:
    """Packets on their way, the earliest arrival first."""

    def __init__(self, path):
        self.path = path
        self.held = []
        self.count = 0

    def take(self, packet):
        if self.path.loses():
            packet.drop()
            return
        packet.retain()
        self.count += 1
        entry = (self.path.arrival(time.monotonic(), packet), self.count, packet)
        heapq.heappush(self.held, entry)

    def deliver(self, now):
        while self.held and self.held[0][0] <= now:
            heapq.heappop(self.held)[2].accept()

    def wait(self, now):
        return max(0.0, self.held[0][0] - now) if self.held else None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queue", type=int, default=7)
    parser.add_argument("--delay", type=float, default=0, help="milliseconds")
    parser.add_argument("--jitter", type=float, default=0, help="milliseconds either way")
    parser.add_argument("--loss", type=float, default=0, help="share of packets, below 1")
    parser.add_argument("--burst", type=float, default=1, help="mean length of a run of losses")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--by-source", help="JSON file: address to milliseconds, instead of --delay")
    given = parser.parse_args()
    if not 0 <= given.loss < 1 or given.burst < 1:
        parser.error("--loss must be in 0..<1 and --burst at least 1")
    # A path in the good state for less than one packet on average is beyond this model.
    if given.loss / (1 - given.loss) > given.burst:
        parser.error("--loss is too high for this --burst")
    return given


def main():
    given = arguments()
    by_source = {}
    if given.by_source:
        with open(given.by_source) as file:
            by_source = {source: delay / 1000 for source, delay in json.load(file).items()}
    path = Path(
        given.delay / 1000, given.jitter / 1000, given.loss, given.burst, given.seed, by_source)
    holder = Holder(path)
    queue = NetfilterQueue()
    queue.bind(given.queue, holder.take, max_len=QUEUE_LIMIT)
    descriptor = queue.get_fd()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    while True:
        if select.select([descriptor], [], [], holder.wait(time.monotonic()))[0]:
            queue.run(block=False)
        holder.deliver(time.monotonic())


if __name__ == "__main__":
    main()
