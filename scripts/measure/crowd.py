# SPDX-License-Identifier: Apache-2.0
"""Strangers in number at a node's doors; strangers.py runs it inside their namespace.

Commands come as lines of JSON, each is answered with one line of counts: `idle` and `speak` open so
many TCP connections that say nothing, or a ClientHello, and keep them; `flow` goes on for so many
seconds with so many new connections and datagrams a second; `leave` closes all.
"""

import collections
import errno
import json
import random
import select
import socket
import sys
import time

import hello

# A rude one does not close when the other end does; servers close then by themselves.
RUDE = 6.0
TICK = 0.01
# New connections at a time when many are opened at once.
STEP = 20


class Datagrams:
    """First messages and noise from many addresses; cookies are answered, and so is message 2 when
    links are wanted."""

    def __init__(self, address, sources, events):
        self.address = hello.Address(address)
        self.sockets = {}
        self.counts = collections.Counter()
        # Of each address the latest callers, so that memory stays small.
        self.callers = collections.OrderedDict()
        self.makes_links = False
        for source in sources:
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.setblocking(False)
            made.bind((source, 0))
            self.sockets[made.fileno()] = made
            events.register(made, select.EPOLLIN)
        self.all = list(self.sockets.values())

    def noise(self):
        self.counts["noise"] += 1
        self.send(random.choice(self.all), random.randbytes(random.randint(189, 380)))

    def call(self):
        caller = hello.Caller(self.address)
        self.callers[caller.index] = caller
        if len(self.callers) > 4_096:
            self.callers.popitem(last=False)
        self.counts["first messages"] += 1
        self.send(random.choice(self.all), caller.hello())

    def send(self, made, words):
        try:
            made.sendto(words, self.address.place)
        except OSError as error:
            self.counts[errno.errorcode.get(error.errno, "error")] += 1

    def read(self, made):
        while True:
            try:
                datagram = made.recv(2_048)
            except OSError:
                return
            self.take(made, self.address.unmasked(datagram))

    def take(self, made, body):
        kind, ours = body[:1], body[1:5] if body[:1] == bytes([hello.COOKIE]) else body[5:9]
        caller = self.callers.get(ours)
        if caller is None:
            self.counts["other datagrams"] += 1
        elif kind == bytes([hello.COOKIE]):
            self.counts["cookies"] += 1
            proof = caller.cookie(body)
            if proof:
                self.send(made, caller.hello(proof))
        else:
            self.answered(made, body, caller)

    def answered(self, made, body, caller):
        self.counts["answers"] += 1
        if self.makes_links:
            words = caller.confirm(body)
            if words:
                self.counts["third messages"] += 1
                self.send(made, words)


class Crowd:
    """TCP connections of strangers, and the loop."""

    def __init__(self, given):
        self.events = select.epoll()
        self.place = tuple(given["door"])
        self.sources = given["sources"]
        self.hello = bytes.fromhex(given["hello"])
        self.datagrams = Datagrams(given["address"], self.sources, self.events)
        self.connections = {}
        self.leaving = collections.deque()
        self.counts = collections.Counter()
        self.next = 0

    def connect(self, speaks):
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        made.bind((self.sources[self.next % len(self.sources)], 0))
        self.next += 1
        made.connect_ex(self.place)
        self.counts["connections"] += 1
        self.connections[made.fileno()] = [made, speaks]
        self.events.register(made, select.EPOLLOUT)

    def handle(self, wait):
        for number, flags in self.events.poll(wait):
            if number in self.datagrams.sockets:
                self.datagrams.read(self.datagrams.sockets[number])
            elif number in self.connections:
                self.advance(number, flags)
        now = time.monotonic()
        while self.leaving and self.leaving[0][0] < now:
            self.leaving.popleft()[1].close()

    def advance(self, number, flags):
        made, speaks = self.connections[number]
        try:
            if flags & select.EPOLLOUT:
                if speaks:
                    made.send(self.hello)
                self.counts["open"] += 1
                self.events.modify(made, select.EPOLLIN)
                return
            more = made.recv(65_536)
        except OSError:
            self.counts["refused or reset"] += 1
            more = b""
        if more:
            self.counts["were answered"] += 1
            return
        self.counts["ended by the node"] += 1
        self.events.unregister(made)
        del self.connections[number]
        self.leaving.append((time.monotonic() + RUDE, made))

    def open(self, count, speaks):
        """So many at once, and a second for what comes of it."""
        for number in range(count):
            self.connect(speaks)
            if number % STEP == 0:
                self.handle(0)
                time.sleep(TICK)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            self.handle(TICK)

    def flow(self, seconds, connections=0, datagrams=0, noise=0, links=False):
        self.datagrams.makes_links = links
        began = time.monotonic()
        done = collections.Counter()
        kinds = [
            ("connections", connections, lambda n: self.connect(n % 2 == 1)),
            ("datagrams", datagrams, lambda n: self.datagrams.call()),
            ("noise", noise, lambda n: self.datagrams.noise())]
        while (passed := time.monotonic() - began) < seconds:
            for name, rate, act in kinds:
                while done[name] < passed * rate:
                    act(done[name])
                    done[name] += 1
            self.handle(TICK)

    def leave(self):
        for made, _ in self.connections.values():
            made.close()
        for _, made in self.leaving:
            made.close()
        self.connections.clear()
        self.leaving.clear()

    def obey(self, order):
        before = self.counts + self.datagrams.counts
        what = order.pop("what")
        if what in ("idle", "speak"):
            self.open(order["count"], what == "speak")
        elif what == "flow":
            self.flow(**order)
        else:
            self.leave()
        after = self.counts + self.datagrams.counts
        return {**(after - before), "held": len(self.connections)}


def main():
    crowd = Crowd(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        print(json.dumps(crowd.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
