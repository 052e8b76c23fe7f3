# SPDX-License-Identifier: Apache-2.0
"""Knocks at a node's port as strangers, scanners and eavesdroppers do. Nothing must come back."""

import os
import random
import struct
import subprocess
import time

import capture
import laboratory as lab

# So many datagrams at once, then a pause: a node takes more, the machine is shared.
BURST, PAUSE = 100, 0.004
ADDRESSES = 64
# Long enough for every repetition of a second message.
LISTEN = 2.0


class Prober:
    """Sends from a namespace that has nothing to do with the node, and counts what comes back."""

    def __init__(self, number, node):
        self.number = number
        self.node = node
        self.rows = []
        self.silent = True
        for index in range(1, ADDRESSES + 1):
            subprocess.run(
                ["ip", "-n", lab.namespace(number), "address", "add",
                 f"10.77.200.{index}/16", "dev", "eth0"], check=True)
        self.sockets = [
            capture.udp_socket(number, f"10.77.200.{index}") for index in range(1, ADDRESSES + 1)]
        self.target = (lab.address(node.number), lab.PORT)
        # The address resolution must not cost the first probes.
        for made in self.sockets:
            made.sendto(b"", self.target)
        time.sleep(1)

    def received(self):
        return self.node.status()["counters"].get("udp.received", 0)

    def knock(self, name, payloads, wanted=0):
        """`payloads` may be a generator. `wanted` None: at least one byte must come back."""
        before = self.received()
        tape = capture.Capture(self.number, only_incoming=True, keep=False)
        count = 0
        for payload in payloads:
            self.sockets[count % ADDRESSES].sendto(payload, self.target)
            count += 1
            if count % BURST == 0:
                time.sleep(PAUSE)
        time.sleep(LISTEN)
        tape.stop()
        received = self.received() - before
        met = tape.bytes > 0 if wanted is None else tape.bytes == wanted
        self.silent = self.silent and met
        self.rows.append([
            name, f"{count:,}", f"{received:,}", tape.bytes,
            "an answer" if wanted is None else wanted, "yes" if met else "**no**"])
        lab.say(f"{name}: {count} sent, {received} received, {tape.bytes} bytes back")
        return tape.bytes

    def close(self):
        for made in self.sockets:
            made.close()


def knock(flock, prober_number, dialler_number, how_many):
    """All of it; returns the rows of a table and whether all were as wanted."""
    node = flock.nodes[0]
    prober = Prober(prober_number, node)
    try:
        for name, payload in well_known():
            prober.knock(name, [payload] * 20)
        prober.knock("random, 1 to 1,400 bytes", noise(how_many))
        held = held_back_hello(flock, dialler_number)
        prober.knock("a first message held back, each of its bits flipped", flips(held))
        prober.knock("cut short and with bytes added", cuts(held))
        prober.knock("the same first message, whole", [held], wanted=None)
        talk = handshake(flock, dialler_number)
        hello, confirm, data = talk[0], talk[1], talk[2:]
        prober.knock("the first message again", [held] * 200)
        prober.knock("first message of a link that stands, replayed", [hello] * 200)
        prober.knock("third message of it, replayed", [confirm] * 200)
        prober.knock("its data datagrams, replayed", data * 20)
        prober.knock("a data datagram, each of its bits flipped", flips(data[0]))
        restart(node)
        prober.knock("after a restart: the first messages", [held, hello] * 50)
        prober.knock("after a restart: the third message", [confirm] * 100)
        prober.knock("after a restart: data", data * 20)
        killed = handshake(flock, dialler_number)[0]
        restart(node, is_killed=True)
        prober.knock("after kill -9: the first messages", [held, hello, killed] * 50)
        fresh = held_back_hello(flock, dialler_number)
        prober.knock("to be sure that it lives: a first message held back", [fresh], wanted=None)
    finally:
        prober.close()
    return prober.rows, prober.silent


def noise(count):
    dice = random.Random(1)
    for _ in range(count):
        yield dice.randbytes(dice.randint(1, 1_400))


def flips(payload):
    for bit in range(len(payload) * 8):
        changed = bytearray(payload)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def cuts(payload):
    for length in range(len(payload)):
        yield payload[:length]
    for more in range(1, 200):
        yield payload + os.urandom(more)


def restart(node, is_killed=False):
    """The same node, with what it keeps on disk and nothing else."""
    if is_killed:
        node.kill()
    node.process.stdin.close()
    node.stop()
    node.start()
    node.wait_until_up()
    time.sleep(1)


# Real handshakes


def dial(flock, number, seconds):
    """What a newcomer and the node say to each other."""
    folder = lab.tempfile.mkdtemp(prefix="dial", dir=flock.folder)
    tape = capture.Capture(number)
    newcomer = lab.Node(number, folder, "--peer", own_address(flock.nodes[0]), "--no-relay")
    try:
        newcomer.wait_until_up()
        time.sleep(seconds)
    finally:
        newcomer.process.stdin.close()
        newcomer.stop()
    target = (lab.address(flock.nodes[0].number), lab.PORT)
    return [datagram.payload for datagram in tape.stop() if datagram.target == target]


def own_address(node):
    for text in node.ask(request="id")["addresses"]:
        if f"@{lab.address(node.number)}:" in text:
            return text
    raise lab.Failed("the node does not know its address")


def handshake(flock, number):
    sent = dial(flock, number, 3)
    if len(sent) < 3:
        raise lab.Failed("no handshake was seen")
    return sent


def held_back_hello(flock, number):
    """A first message that never reached the node, so that the node cannot know it."""
    name = lab.namespace(flock.nodes[0].number)
    rule = ["ip", "netns", "exec", name, "nft"]
    subprocess.run(
        rule + ["-f", "-"], check=True, text=True, input=f"""
          table inet hold {{
            chain incoming {{
              type filter hook input priority -2; policy accept;
              ip saddr {lab.address(number)} drop
            }}
          }}""")
    try:
        return dial(flock, number, 0.5)[0]
    finally:
        subprocess.run(rule + ["delete", "table", "inet", "hold"], check=True)


# What scanners send


def well_known():
    """Thirteen first datagrams of protocols that censors and scanners look for."""
    identifier = os.urandom(8)
    dns = struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0)
    question = b"\x07version\x04bind\x00" + struct.pack("!HH", 16, 3)
    mdns = b"\x09_services\x07_dns-sd\x04_udp\x05local\x00" + struct.pack("!HH", 12, 1)
    sip = (
        "OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/UDP nm;branch=foo\r\nFrom: <sip:nm@nm>;tag=root\r\n"
        "To: <sip:nm2@nm2>\r\nCall-ID: 50000\r\nCSeq: 42 OPTIONS\r\nMax-Forwards: 70\r\n"
        "Content-Length: 0\r\nContact: <sip:nm@nm>\r\nAccept: application/sdp\r\n\r\n")
    ssdp = (
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"
        "ST: ssdp:all\r\n\r\n")
    quic_head = b"\xc3\x1a\x2a\x3a\x4a\x08" + identifier + b"\x08" + identifier
    wireguard = b"\x01\x00\x00\x00" + os.urandom(144)
    return [
        ("DNS query version.bind", dns + question),
        ("STUN binding request", b"\x00\x01\x00\x00\x21\x12\xa4\x42" + os.urandom(12)),
        ("QUIC Initial of an unknown version", quic_head + os.urandom(1_200 - len(quic_head))),
        ("WireGuard handshake initiation", wireguard),
        ("DTLS 1.2 ClientHello", dtls_hello()),
        ("NTP request", b"\x23" + bytes(47)),
        ("SIP OPTIONS", sip.encode()),
        ("TFTP read request", b"\x00\x01boot.bin\x00octet\x00"),
        ("SNMP v2c get sysDescr", bytes.fromhex(
            "302902010104067075626c6963a01c02045c1a2b3c020100020100300e300c06082b060102010101000500"
        )),
        ("mDNS service query", struct.pack("!HHHHHH", 0, 0, 1, 0, 0, 0) + mdns),
        ("BitTorrent DHT ping", b"d1:ad2:id20:" + os.urandom(20) + b"e1:q4:ping1:t2:aa1:y1:qe"),
        ("SSDP search", ssdp.encode()),
        ("OpenVPN hard reset", b"\x38" + identifier + b"\x00\x00\x00\x00\x00"),
    ]


def dtls_hello():
    body = b"\xfe\xfd" + os.urandom(32) + b"\x00\x00" + b"\x00\x04\xc0\x2b\xc0\x2f" + b"\x01\x00"
    body += b"\x00\x00"
    length = len(body).to_bytes(3, "big")
    handshake = b"\x01" + length + b"\x00\x00" + b"\x00\x00\x00" + length + body
    return b"\x16\xfe\xff" + bytes(8) + len(handshake).to_bytes(2, "big") + handshake
