# SPDX-License-Identifier: Apache-2.0
"""A node among strangers in number, phase by phase, and friends who come meanwhile: run by
strangers.py.
"""

import collections
import json
import os
import statistics
import subprocess
import sys
import threading
import time

import laboratory as lab
import listeners
import probes

HERE = os.path.dirname(os.path.realpath(__file__))
HOST, STRANGERS, BY_DATAGRAMS, BY_TUNNEL = 1, 2, 3, 4
# 250 addresses: ten in each of 25 networks, and all in one.
WIDE = [f"10.78.{network}.{host}" for network in range(1, 26) for host in range(1, 11)]
NARROW = [f"10.79.1.{host}" for host in range(1, 251)]
KIB = 1_024
WANTED_KIB, WANTED_SECONDS = 16, 1.0
# How long it is tried whether a friend is let in again.
RECOVERY = 180


class Watch:
    """The node's memory and time on the processor, twice a second."""

    def __init__(self, pid):
        self.pid = pid
        self.rows = []
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        while not self.ending.wait(0.5):
            self.rows.append((time.monotonic(), *self.now()))

    def now(self):
        """KiB resident, seconds of processor."""
        with open(f"/proc/{self.pid}/status") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        with open(f"/proc/{self.pid}/stat") as file:
            parts = file.read().rpartition(")")[2].split()
        return resident, (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def between(self, begin, end):
        """Resident at most, and per cent of a core."""
        rows = [row for row in self.rows if begin <= row[0] <= end]
        share = 100 * (rows[-1][2] - rows[0][2]) / (rows[-1][0] - rows[0][0])
        return max(row[1] for row in rows), share

    def stop(self):
        self.ending.set()
        self.thread.join()


class Crowd:
    """crowd.py in the strangers' namespace."""

    def __init__(self, host, sources):
        self.process = subprocess.Popen(
            lab.inside(STRANGERS, sys.executable, HERE + "/crowd.py"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.send({
            "door": [lab.address(HOST), 443], "sources": sources,
            "address": probes.own_address(host.node), "hello": listeners.client_hello().hex()})

    def send(self, words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def result(self):
        return json.loads(self.process.stdout.readline() or "{}")

    def ask(self, **order):
        self.send(order)
        return self.result()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        lab.end(self.process)


def established():
    """TCP connections that the node's kernel has open at the door."""
    return len(lab.output(*lab.inside(
        HOST, "ss", "-Htn", "state", "established", "( sport = :443 )")).splitlines())


class Friends:
    """Who come by link, each a new node, in turns by datagrams and by tunnel."""

    def __init__(self, host):
        self.host = host
        self.count = 0
        self.times = collections.defaultdict(lambda: {BY_DATAGRAMS: [], BY_TUNNEL: []})

    def come(self, when, number):
        self.count += 1
        folder = f"{self.host.folder}/friend{self.count}"
        os.mkdir(folder)
        node = lab.Node(number, folder, "--page", "off", "--no-relay")
        seconds = None
        try:
            node.wait_until_up()
            began = time.monotonic()
            try:
                node.ask(request="join", link=self.host.link, name="friend")
                seconds = time.monotonic() - began
            except (lab.Failed, TimeoutError) as failure:
                lab.say(f"not in: {failure}")
        finally:
            node.process.stdin.close()
            node.stop()
        lab.say(f"friend {self.count}, {when}: {lab.decimals(seconds, 3)} s")
        self.times[when][number].append(seconds)
        return seconds

    def several(self, when, count):
        for _ in range(count):
            for number in (BY_DATAGRAMS, BY_TUNNEL):
                self.come(when, number)

    def during(self, when, end, pause):
        """In turns until `end`, one in each pause."""
        turn = 0
        while time.monotonic() + pause < end:
            began = time.monotonic()
            self.come(when, (BY_DATAGRAMS, BY_TUNNEL)[turn % 2])
            turn += 1
            time.sleep(max(0, began + pause - time.monotonic()))

    def rows(self):
        names = {BY_DATAGRAMS: "datagrams", BY_TUNNEL: "tunnel, datagrams dropped"}
        for when, ways in self.times.items():
            for number, times in ((way, times) for way, times in ways.items() if times):
                inside = [value for value in times if value is not None]
                yield [when, names[number], len(times), len(inside),
                       lab.decimals(statistics.median(inside), 3) if inside else "-",
                       lab.decimals(max(inside), 3) if inside else "-",
                       "yes" if len(inside) == len(times) and max(inside) < WANTED_SECONDS
                       else "**no**"]


class Siege:
    """The phases, one after the other, and what was seen in each."""

    def __init__(self, given, host):
        self.given = given
        self.host = host
        self.friends = Friends(host)
        self.watch = Watch(host.node.pid)
        self.rows = []
        self.notes = {}
        # Resident without strangers, after friends came and went.
        self.alone = 0
        self.recovery = None

    def phase(self, name, act, seconds=0):
        """`act` gives counts; without strangers it only takes its time."""
        before = self.host.node.status()["counters"]
        begin = time.monotonic()
        counts = act() or {}
        time.sleep(seconds)
        opened = established()
        most, share = self.watch.between(begin, time.monotonic())
        resident = self.watch.now()[0]
        after = self.host.node.status()["counters"]
        self.notes[name] = (counts, {
            key: value - before.get(key, 0) for key, value in after.items()
            if value != before.get(key, 0)})
        each = (resident - self.alone) / opened if opened and self.alone else None
        self.rows.append([
            name, counts.get("connections", 0), opened, f"{resident / KIB:.1f}",
            f"{most / KIB:.1f}", lab.decimals(each), f"{share:.1f}"])
        lab.say(" | ".join(str(cell) for cell in self.rows[-1]))

    def flow(self, crowd, when, seconds, pause, **rates):
        """Friends come meanwhile."""
        def act():
            crowd.send({"what": "flow", "seconds": seconds, **rates})
            self.friends.during(when, time.monotonic() + seconds, pause)
            return crowd.result()
        return act

    def run(self):
        given = self.given
        self.phase("nobody", lambda: None, seconds=5)
        self.friends.several("before", 5)
        self.phase("five friends by each way came and went", lambda: None, seconds=5)
        self.alone = self.watch.now()[0]
        with Crowd(self.host, NARROW) as crowd:
            self.phase(f"{given.idle} silent ones from one /24",
                       lambda: crowd.ask(what="idle", count=given.idle))
        self.phase("they left", lambda: None, seconds=7)
        with Crowd(self.host, WIDE) as crowd:
            self.phase(f"{given.idle} silent ones from 25 networks",
                       lambda: crowd.ask(what="idle", count=given.idle))
            self.phase(
                f"{given.rate} more a second for {given.seconds:.0f} s, and datagrams",
                self.flow(crowd, "in the middle", given.seconds, given.seconds / 20,
                          connections=given.rate, datagrams=given.rate, noise=given.rate))
            self.phase("all left", lambda: crowd.ask(what="leave"), seconds=7)
            self.phase(f"{given.idle} who say a ClientHello",
                       lambda: crowd.ask(what="speak", count=given.idle))
            self.phase("they left too", lambda: crowd.ask(what="leave"), seconds=7)
        self.phase("a minute later", lambda: None, seconds=given.rest)
        self.friends.several("afterwards", 3)
        if given.links:
            self.be_filled(given.links)
        self.watch.stop()

    def be_filled(self, seconds):
        """Strangers who know the node's address, and finish what they begin."""
        when = "among links of strangers"
        rate = self.given.rate
        with Crowd(self.host, WIDE) as crowd:
            self.phase(f"{rate} whole handshakes a second for {seconds:.0f} s",
                       self.flow(crowd, when, seconds, 6, datagrams=rate, links=True))
        ended = time.monotonic()
        while time.monotonic() < ended + RECOVERY:
            if self.friends.come("when these had stopped", BY_DATAGRAMS) is not None:
                self.recovery = time.monotonic() - ended
                return


# The page


def said(counts):
    return ", ".join(f"{name} {value:,}" for name, value in sorted(counts.items()))


def after_links(siege):
    if not siege.given.links:
        return "Whole handshakes by strangers were not tried."
    known = (f"{siege.recovery:.0f} s after the last of them a friend came in again"
             if siege.recovery is not None else f"within {RECOVERY} s no friend came in again")
    return (
        "The last lines are no part of the criterion: somebody who holds the node's address, which"
        f" is in every link and known to every peer, finishes {siege.given.rate} handshakes a"
        " second with new keys and says nothing more. A node has room for 256 links, and"
        f" when it is full whoever comes is refused, friends too; {known}.")


def section(siege):
    given = siege.given
    notes = "\n".join(
        f"- {name}. Strangers: {said(crowd) or 'none'}. Node: {said(node)}."
        for name, (crowd, node) in siege.notes.items() if crowd)
    return "\n\n".join([
        "## Strangers at the doors (A4)",
        f"{given.idle} TCP connections at the node's own door (TLS, port 443) that stay;"
        f" then {given.rate} new ones a second for {given.seconds:.0f} s, half of which say a"
        f" ClientHello and half nothing, none closes by itself; and over UDP {given.rate} first"
        f" messages a second, true ones of who holds the node's address, that answer cookies, and"
        f" {given.rate} of noise of the same sizes. All from 250 addresses, ten in each of 25"
        " networks of /24. Friends come by a link to the node's room, each a new node; one in two"
        " has no UDP. No delay on the way. MiB: resident memory of the node at the end of the"
        " phase and at most, without what the kernel holds for its sockets; KiB each: what it has"
        " more than in the second line, by connections open at that moment; processor: per cent of"
        " one core. The heap does not shrink again, so later phases begin with what earlier ones"
        " left.",
        lab.table(["phase", "connections made", "open at its end", "MiB", "MiB at most",
                   "KiB each", "processor %"], siege.rows),
        "The door keeps 512 strangers, 64 of one /24; the oldest goes for the next."
        f" Wanted: {WANTED_KIB} KiB each at most.",
        "### Friends",
        f"Seconds from asking to being in. Wanted: below {WANTED_SECONDS:.0f}. A tunnel is called"
        " with the second message, which goes out after one second.",
        lab.table(["when", "way", "came", "in", "median s", "worst s", "met"],
                  list(siege.friends.rows())),
        after_links(siege),
        "### What was counted", notes,
    ])
