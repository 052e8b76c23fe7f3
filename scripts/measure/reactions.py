# SPDX-License-Identifier: Apache-2.0
"""How long a door takes to say no, by what it was asked: run by strangers.py."""

import random
import secrets
import socket
import ssl
import struct
import time

import numpy as np

import capture
import laboratory as lab

UPGRADE = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
PLAIN = "Connection: keep-alive\r\nAccept: text/html\r\n"
# A chance below this is a difference (specification).
SIGNIFICANCE = 0.01
# How long nothing must come until it is said that nothing comes.
PATIENCE = 3


def letters(count):
    return secrets.token_urlsafe(count)[:count]


def kinds(path):
    """Names, and what makes a request's path and headers. `path` is the secret one."""
    length = len(path) - 1
    half = len(path) // 2
    return {
        "WebSocket, wrong path": lambda: ("/" + letters(length), UPGRADE),
        "the same again": lambda: ("/" + letters(length), UPGRADE),
        "WebSocket, first half right": lambda: (
            path[:half] + letters(len(path) - half), UPGRADE),
        "WebSocket, half as long": lambda: ("/" + letters(length // 2), UPGRADE),
        "WebSocket, twice as long": lambda: ("/" + letters(length * 2), UPGRADE),
        "page not found": lambda: ("/" + letters(length), PLAIN),
        "right path, no WebSocket": lambda: (path, PLAIN),
    }


NOTHING, SECRET, CHOICE = "nothing", "what the door knows", "what the caller chose"
PAIRS = [
    ("WebSocket, wrong path", "the same again", NOTHING),
    ("WebSocket, wrong path", "WebSocket, first half right", SECRET),
    ("page not found", "right path, no WebSocket", SECRET),
    ("WebSocket, wrong path", "WebSocket, half as long", CHOICE),
    ("WebSocket, wrong path", "WebSocket, twice as long", CHOICE),
    ("WebSocket, wrong path", "page not found", CHOICE),
]


class Door:
    """A TLS connection to a door, one after the other."""

    def __init__(self, number, place):
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.number = number
        self.place = place
        self.line = None

    def open(self):
        self.close()
        with capture.within(self.number):
            made = socket.socket()
        made.settimeout(PATIENCE)
        # Ends without a trace, or ports run out.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        made.connect(self.place)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line = self.context.wrap_socket(made, server_hostname="example.org")

    def close(self):
        if self.line:
            self.line.close()

    def ask(self, words):
        """Microseconds to the first byte of the answer, and its first line."""
        began = time.perf_counter_ns()
        self.line.sendall(words)
        said = self.line.recv(65_536)
        taken = (time.perf_counter_ns() - began) / 1_000
        while said and not complete(said):
            said += self.line.recv(65_536)
        return taken, said.split(b"\r\n")[0].decode(errors="replace")


def request(path, headers):
    return f"GET {path} HTTP/1.1\r\nHost: example.org\r\n{headers}\r\n".encode()


ORDINARY = request("/", PLAIN)


def complete(said):
    head, end, body = said.partition(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and len(body) >= (int(length[0].split(b":")[1]) if length else 0)


def collect(number, place, path, count):
    """So many of each kind, in an order drawn anew for each round, each on a connection of its own
    on which an ordinary request was answered before."""
    asked = kinds(path)
    times = {name: [] for name in asked}
    answers = {name: set() for name in asked}
    door = Door(number, place)
    order = list(asked)
    for _ in range(count):
        random.shuffle(order)
        for name in order:
            # Made before: what that takes must not show in what follows.
            words = request(*asked[name]())
            door.open()
            door.ask(ORDINARY)
            taken, line = door.ask(words)
            times[name].append(taken)
            answers[name].add(line)
    door.close()
    return {name: np.array(values) for name, values in times.items()}, answers


def afterwards(number, place, path):
    """What a second request on the same connection gets, by what was asked first."""
    results = {}
    for name, make in kinds(path).items():
        door = Door(number, place)
        door.open()
        door.ask(request(*make()))
        try:
            results[name] = door.ask(ORDINARY)[1] or "FIN"
        except TimeoutError:
            results[name] = f"nothing within {PATIENCE} s"
        door.close()
    return results


# Kolmogorov and Smirnov


def chance(left, right):
    """Two samples' largest distance, and the chance of one as large from one source."""
    both = np.concatenate([left, right])
    distance = np.abs(
        np.searchsorted(np.sort(left), both, "right") / len(left)
        - np.searchsorted(np.sort(right), both, "right") / len(right)).max()
    size = np.sqrt(len(left) * len(right) / (len(left) + len(right)))
    # Stephens' correction, then Kolmogorov's series.
    value = (size + 0.12 + 0.11 / size) * distance
    terms = np.arange(1, 101)
    tail = 2 * np.sum((-1.0) ** (terms - 1) * np.exp(-2 * (terms * value) ** 2))
    return distance, float(min(1, max(0, tail))) if value > 0.2 else 1.0


def smallest_found(times):
    """What would have been found: the least delay, in microseconds, that added to one of two
    samples of the same kind brings the chance below the bound."""
    left, right = (times[name] for name in PAIRS[0][:2])
    for added in np.arange(0, 200, 0.25):
        if chance(left, right + added)[1] < SIGNIFICANCE:
            return added
    return None


def section(times, answers, later):
    count = len(next(iter(times.values())))
    rows = [[name, len(values), *(f"{np.percentile(values, share):.1f}" for share in (5, 50, 95)),
             ", ".join(sorted(answers[name]))] for name, values in times.items()]
    pairs, told = [], []
    for left, right, what in PAIRS:
        distance, p = chance(times[left], times[right])
        is_alike = p > SIGNIFICANCE
        pairs.append([left, right, what, f"{distance:.4f}", f"{p:.3g}",
                      "yes" if is_alike else "**no**"])
        if not is_alike and what == SECRET:
            told.append(f"{left} and {right}")
    found = smallest_found(times)
    return "\n\n".join([
        "## How long the door takes to say no (A7)",
        f"{count} requests of each kind over TLS, in an order drawn anew each time, each the second"
        " on a connection of its own, from another namespace without delay and with no strangers"
        " about: microseconds from the request to the first byte of the answer. Nothing comes over"
        " UDP whatever is sent (A1, [wire](wire.md)), so there is nothing to time there.",
        lab.table(["asked", "requests", "5 %", "median", "95 %", "answer"], rows),
        "Two kinds are alike when a difference as large as theirs comes by chance oftener than"
        f" {SIGNIFICANCE} (Kolmogorov and Smirnov, two samples). The first pair is of the same"
        " kind, so that it shows what chance does. How long a path is and whether a WebSocket is"
        " asked for is the caller's own choice and no secret; what it must not learn is what the"
        " door knows.",
        lab.table(["one", "other", "they differ in", "distance", "chance", "alike"], pairs),
        ("Wanted: nothing that the door knows shows: "
         + ("met. " if not told else "**missed**, " + "; ".join(told) + ". "))
        + ("No delay of up to 200 µs would have been found." if found is None else
           f"A delay of {found:.2f} µs, added to one of the two of the same kind, is found."),
        "What `GET /` gets on the same connection after each kind, beside nginx with the same"
        " certificate; alike is what a stranger cannot tell from a web server:",
        lab.table(["asked before", *later], [
            [name, *(each[name] for each in later.values())] for name in times]),
    ])
