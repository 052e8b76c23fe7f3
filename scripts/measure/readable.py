# SPDX-License-Identifier: Apache-2.0
"""Records all that five nodes of a room say to each other, and looks for what could be read in it:
names and keys, QUIC, fragments, and ports that give away who called.

Run by scripts/measure/readable, which makes the namespaces.
"""

import argparse
import base64
import os
import re
import shlex
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import capture  # noqa: E402
import laboratory as lab  # noqa: E402
import needles  # noqa: E402
import sound  # noqa: E402

COUNT = 5
TITLE = "Quillfeather committee"
NAMES = ["Theodora", "Balthazar", "Wilhelmina", "Ferdinand", "Clementine"]
# A node leaves the room, ends, and comes back so often: handshakes and joins are in the record.
COMES_BACK = 60
QUIC_V1, QUIC_V2 = bytes.fromhex("00000001"), bytes.fromhex("6b3343cf")
# What the published rule asks of a datagram beside the version.
QUIC_LENGTH = 1_001
LARGEST = 1_200
IPV4, IPV6 = 0x0800, 0x86DD


def arguments():
    parser = argparse.ArgumentParser(prog="readable", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600, help="of the record")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


class Person(lab.Node):
    """A node whose name would be known again."""

    def start(self):
        self.name = NAMES[self.number - 1]
        super().start()


class Five(lab.Flock):
    """Five with the ports that nodes take by themselves, or all with one."""

    def __init__(self, port):
        self.port = port
        super().__init__(COUNT, "--page", "off")

    def make(self, number, *options):
        return Person(number, self.folder, *options, port=self.port)

    def gather(self):
        first = self.nodes[0]
        first.ask(request="room.create", title=TITLE, name=first.name)
        self.link = first.ask(request="invite")["link"]
        for node in self.nodes[1:]:
            self.join(node)
        lab.wait_until(self.is_settled, 30, "everybody in both trees")

    def join(self, node):
        node.ask(request="join", link=self.link, name=node.name)


class Everything(capture.Capture):
    """All that leaves a node, whatever protocol it is."""

    def collect(self):
        self.sent = []
        while not self.ending:
            try:
                packet, where = self.socket.recvfrom(65_536)
            except TimeoutError:
                continue
            if where[2] == capture.OUTGOING:
                self.sent.append((time.monotonic(), where[1], packet))


def recorded(port, during):
    """What five nodes say from before they start until `during` has ended."""
    tapes = [Everything(number) for number in range(1, COUNT + 1)]
    begin = time.monotonic()
    with Five(port) as flock:
        flock.gather()
        result = during(flock)
    seconds = time.monotonic() - begin
    for tape in tapes:
        tape.stop()
    packets = sorted((each for tape in tapes for each in tape.sent), key=lambda each: each[0])
    return packets, result, seconds


def room(flock, seconds):
    """One speaks all the time, another from the middle on, a third comes and goes."""
    voice = sound.speech(24).astype("<i2").tobytes()
    end = time.monotonic() + seconds
    talks = [lab.Talk(flock.nodes[0], voice)]
    secrets = list(known(flock))
    comer, visits = flock.nodes[-1], 0
    while end - time.monotonic() > COMES_BACK / 2:
        time.sleep(max(0, min(COMES_BACK, end - time.monotonic() - 1)))
        if len(talks) == 1 and end - time.monotonic() < seconds / 2:
            talks.append(lab.Talk(flock.nodes[1], voice))
        comer.process.stdin.close()
        comer.stop()
        comer.start()
        comer.wait_until_up()
        flock.join(comer)
        visits += 1
    time.sleep(max(0, end - time.monotonic()))
    secrets += list(known(flock))
    for talk in talks:
        talk.stop()
    return secrets, visits


def known(flock):
    """What those who are inside know: kind and bytes or text."""
    yield "title of the room", TITLE
    yield "product", "starling"
    yield "machine", socket.gethostname()
    body = flock.link.split(":", 1)[1]
    yield "link of the room", base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    for node in flock.nodes:
        yield "names", node.name
        yield "keys of nodes", plain(node.status()["node"])
        for address in node.ready["addresses"]:
            yield "tokens of addresses", plain(re.search(r"token=([\w-]+)", address).group(1))
        inside = node.room()
        yield "id of the room", bytes.fromhex(inside["room"])
        for member in inside["members"]:
            yield "keys of persons", bytes.fromhex(member["person"])
        for invite in inside["stage"]["invites"]:
            yield "ids of invites", bytes.fromhex(invite["invite"])


def plain(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def wanted(secrets):
    """Each once, in all its forms."""
    for kind, value in dict.fromkeys(secrets):
        if isinstance(value, str):
            yield from needles.of_text(kind, value)
        else:
            yield from needles.of_key(kind, value)


class Tally:
    """Packets by what they are to somebody who knows protocols."""

    def __init__(self, packets):
        self.kinds, self.sizes, self.links = {}, [], {}
        self.fragments = self.quic = self.alike = self.long = self.web = 0
        for _, kind, packet in packets:
            self.add(kind, packet)

    def add(self, kind, packet):
        if kind == IPV4:
            protocol, header = packet[9], (packet[0] & 15) * 4
            flags = struct.unpack_from("!H", packet, 6)[0]
            self.fragments += bool(flags & 0x3FFF)
            ends = packet[12:16], packet[16:20]
        elif kind == IPV6:
            protocol, header = packet[6], 40
            self.fragments += protocol == 44
            ends = packet[8:24], packet[24:40]
        else:
            self.count(f"Ethernet type {kind:#06x}" if kind != 0x0806 else "ARP")
            return
        names = {socket.IPPROTO_UDP: "UDP", socket.IPPROTO_TCP: "TCP", 58: "ICMPv6", 0: "ICMPv6"}
        self.count(f"{names.get(protocol, protocol)} over IPv{packet[0] >> 4}")
        if protocol == socket.IPPROTO_UDP:
            self.datagram(ends, packet[header:])

    def count(self, name):
        self.kinds[name] = self.kinds.get(name, 0) + 1

    def datagram(self, ends, packet):
        source, target, length = struct.unpack_from("!HHH", packet)
        payload = packet[8:length]
        self.sizes.append(len(payload))
        self.web += 443 in (source, target)
        self.long += len(payload) >= QUIC_LENGTH
        is_v1 = payload[1:5] == QUIC_V1
        self.quic += is_v1 and len(payload) >= QUIC_LENGTH
        self.alike += is_v1 or payload[1:5] == QUIC_V2
        # Whose datagram is the first called.
        pair = frozenset([(ends[0], source), (ends[1], target)])
        self.links.setdefault(pair, (source, target))

    def called_upwards(self):
        return sum(source <= target for source, target in self.links.values())


def default_port():
    words = subprocess.run(
        [lab.STARLING, "up", "--print-configuration"], capture_output=True, text=True).stdout
    return re.search(r"^port = (\d+)", words, re.MULTILINE).group(1)


def main():
    given = arguments()
    command = "scripts/measure/readable " + shlex.join(sys.argv[1:])
    lab.say("ports of their own ...")
    packets, (secrets, visits), seconds = recorded(0, lambda flock: room(flock, given.seconds))
    lab.say("one port ...")
    same, _, _ = recorded(4_000, lambda flock: time.sleep(15))
    tally, alike = Tally(packets), Tally(same)
    sought = list(wanted(secrets))
    contents = [packet for _, _, packet in packets]
    found = needles.table(sought, needles.Haystack(contents))
    planted = needles.planted(sought, contents)
    shapes, fine = verdicts(tally, alike)
    hits = sum(row[3] for row in found)
    seen = f"{len(packets):,} packets with {sum(map(len, contents)):,} bytes in {seconds:.0f} s" \
        " where an hour was aimed at: " \
        + ", ".join(f"{name} {count:,}" for name, count in sorted(tally.kinds.items()))
    lab.save(report(command, seen, visits, shapes, found, hits, planted, len(sought)), given.result)
    return 0 if fine and hits == 0 and planted == len(sought) else 1


def verdicts(tally, alike):
    """Rows of the table of shapes, and whether all is as wanted."""
    rows, fine = [], True

    def add(what, found, aim, met):
        nonlocal fine
        fine = fine and met
        rows.append([what, found, aim, "yes" if met else "**no**"])

    count = len(tally.sizes)
    add(f"datagrams of {QUIC_LENGTH} bytes or more with QUIC's version 1 (W5)",
        f"{tally.quic} of {count:,}, of which {tally.long} are so long", "0", tally.quic == 0)
    # Random bytes look like one of two versions once in two thousand million.
    add("of any length, with version 1 or 2", f"{tally.alike} of {count:,}", "0", tally.alike == 0)
    add("datagrams from or to port 443", tally.web, "0", tally.web == 0)
    port = default_port()
    add("port in the settings as they come", f"{port} (any that is free)" if port == "0" else port,
        "not 443", port != "443")
    for name, each in (("as nodes take them", tally), ("4000 for all", alike)):
        upwards, links = each.called_upwards(), len(each.links)
        add(f"links called from a port that is not above the other's; ports: {name} (W6)",
            f"{upwards} of {links}", "99 %", upwards >= 0.99 * links)
    add("fragments (W7)", tally.fragments, "0", tally.fragments == 0)
    add("largest datagram (W7)", f"{max(tally.sizes)} B", f"{LARGEST} B",
        max(tally.sizes) <= LARGEST)
    return rows, fine


def report(command, seen, visits, shapes, found, hits, planted, count):
    return "\n\n".join([
        "# What can be read on the wire",
        f"Five nodes in a room, each packet once, from before they start until they have ended. "
        f"One speaks all the time, a second from the middle on, a third ended and came back "
        f"{visits} times.",
        lab.provenance(command),
        f"Recorded: {seen}.",
        "## Shapes",
        lab.table(["what", "found", "wanted", "met"], shapes),
        "## Words and keys", "Looked for in all bytes of all packets, headers too: of keys and ids "
        f"each piece of {needles.PIECE} bytes, raw, backwards, in hexadecimal and in base64 at "
        "every place of its letters; of text all of it, in any case. Sessions' numbers (three "
        f"bytes) are too short to be looked for. The same search over {count:,} packets with one "
        f"thing put into each finds {planted:,}.",
        lab.table(["what", "form", "looked for", "found"], found),
        "Wanted is nothing: " + ("met." if hits == 0 else "**not met**."),
    ])


lab.run(main)
