# SPDX-License-Identifier: Apache-2.0
"""Knocks at TCP ports as censors do: thirteen kinds of probes, thresholds, replays; and holds first
bytes against the rule for traffic that looks like nothing. Run by scripts/measure/listeners.
"""

import argparse
import os
import random
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lab"))
import capture  # noqa: E402
import laboratory as lab  # noqa: E402
import reach  # noqa: E402

OBFS4 = shutil.which("obfs4proxy")
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
TLS, SITE, BRIDGE = 443, 8443, 9443
# How long a probe waits for anything to happen.
PATIENCE = 12.0


def random_bytes(count, seed=0):
    return random.Random(seed or count).randbytes(count)


# Frolov, Wampler and Wustrow, NDSS 2020, section 4: seven that mean something, six that do not.
PROBES = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "TLS": None,
    "Modbus": bytes.fromhex("5a470000000511" "2b0e0100")[:11],
    "S7": bytes.fromhex("0300001611e00000001400c1020100c2020102c0010a"),
    "DNS-AXFR": (bytes.fromhex("001c00000000000100000000000007")
                 + b"example\x03com\x00\x00\xfc\x00\x01"),
    "STUN": bytes.fromhex("000100002112a442") + random_bytes(12, 5),
    "nothing": b"",
    "random 23": random_bytes(23),
    "random 47": random_bytes(47),
    "random 97": random_bytes(97),
    "random 1,000": random_bytes(1_000),
    "random 8,300": random_bytes(8_300),
    "random 17,000": random_bytes(17_000),
}


def client_hello():
    """Of Python's OpenSSL, as bytes."""
    import ssl
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(into, out, server_hostname="example.org")
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


class Line:
    """One connection of a stranger."""

    def __init__(self, port):
        with capture.within(2):
            self.socket = socket.socket()
        self.socket.settimeout(5)
        self.socket.connect((lab.address(1), port))
        self.began = time.monotonic()

    def send(self, words):
        try:
            self.socket.sendall(words)
            return True
        except OSError:
            return False

    def reaction(self, patience=PATIENCE):
        """What came, how it ended and after how long: `("answer", "close", seconds)`."""
        said = b""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            ready, _, _ = select.select([self.socket], [], [], end - time.monotonic())
            if not ready:
                break
            try:
                more = self.socket.recv(65_536)
            except OSError:
                return said, "RST", time.monotonic() - self.began
            if not more:
                return said, "FIN", time.monotonic() - self.began
            said += more
        return said, "open", patience

    def close(self):
        self.socket.close()


def probe(port, words, patience=PATIENCE):
    line = Line(port)
    if words:
        line.send(words)
    said, close, seconds = line.reaction(patience)
    line.close()
    return said, close, seconds


def kind(said, close):
    """A reaction in a word that does not hold what is drawn anew."""
    if said[:1] == b"\x15":
        what = "TLS alert"
    elif said[:1] == b"\x16":
        what = "TLS ServerHello"
    elif said[:5] == b"HTTP/":
        what = said.split(b"\r\n")[0].decode(errors="replace")
    else:
        what = f"{len(said)} B" if said else "nothing"
    return f"{what}, then {close}"


def reactions(port):
    rows = {}
    threads = []

    def one(name, words):
        said, close, seconds = probe(port, words)
        rows[name] = (kind(said, close), seconds)

    for name, words in PROBES.items():
        threads.append(threading.Thread(
            target=one, args=(name, client_hello() if name == "TLS" else words)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return rows


def threshold(port, seed):
    """After how many random bytes, one at a time, the connection ends; 0 when it does not up to
    20,000."""
    line = Line(port)
    line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    words = random_bytes(20_000, seed)
    for index, byte in enumerate(words):
        if not line.send(bytes([byte])):
            return index
        if index < 300 or index % 100 == 0:
            time.sleep(0.002)
        ready, _, _ = select.select([line.socket], [], [], 0)
        if ready:
            try:
                more = line.socket.recv(65_536)
            except OSError:
                more = b""
            if not more:
                return index + 1
    line.close()
    return 0


# First bytes


def exemption(payload):
    """Which of the five exemptions of the rule of 2021 to 2023 holds, or none: then the connection
    is one of those that are blocked (Wu et al., USENIX Security 2023)."""
    if not payload:
        return "none"
    printable = [0x20 <= byte <= 0x7E for byte in payload]
    longest = run = 0
    for each in printable:
        run = run + 1 if each else 0
        longest = max(longest, run)
    if payload[0] in (0x16, 0x17) and payload[1:2] == b"\x03" and payload[2] <= 9:
        return "Ex5: TLS"
    if payload[:4] in (b"GET ", b"PUT ") or payload[:5] in (b"POST ", b"HEAD "):
        return "Ex5: HTTP"
    if len(payload) >= 6 and all(printable[:6]):
        return "Ex2"
    if sum(printable) * 2 > len(payload):
        return "Ex3"
    if longest > 20:
        return "Ex4"
    bits = sum(byte.bit_count() for byte in payload) / len(payload)
    return "Ex1" if bits <= 3.4 or bits >= 4.6 else "none"


class Collector:
    """Takes first bytes of connections and ends them."""

    def __init__(self):
        with capture.within(2):
            self.socket = socket.create_server(("0.0.0.0", 443), backlog=256)
        self.seen = []
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.take, args=(connection,), daemon=True).start()

    def take(self, connection):
        connection.settimeout(5)
        try:
            self.seen.append(connection.recv(65_536))
        except OSError:
            pass
        connection.close()


def obfs4_calls(count, cert):
    """First bytes of the real obfs4proxy as a caller."""
    environment = {
        "PATH": os.environ["PATH"], "TOR_PT_MANAGED_TRANSPORT_VER": "1",
        "TOR_PT_STATE_LOCATION": tempfile.mkdtemp(prefix="starling-pt-"),
        "TOR_PT_EXIT_ON_STDIN_CLOSE": "1", "TOR_PT_CLIENT_TRANSPORTS": "obfs4"}
    child = subprocess.Popen(
        lab.inside(3, OBFS4), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True)
    port = 0
    for words in child.stdout:
        if words.startswith("CMETHOD obfs4"):
            port = int(words.rsplit(":", 1)[1])
        if words.startswith("CMETHODS DONE"):
            break
    collector = Collector()
    name = f"cert={cert};iat-mode=0".encode()
    for _ in range(count):
        with capture.within(3):
            line = socket.create_connection(("127.0.0.1", port))
        line.sendall(b"\x05\x01\x02")
        line.recv(2)
        line.sendall(b"\x01" + bytes([len(name)]) + name + b"\x01\x00")
        line.recv(2)
        line.sendall(b"\x05\x01\x00\x01" + socket.inet_aton(lab.address(2))
                     + struct.pack("!H", 443))
        line.settimeout(2)
        try:
            line.recv(10)
        except OSError:
            pass
        line.close()
    child.stdin.close()
    lab.end(child)
    shutil.rmtree(environment["TOR_PT_STATE_LOCATION"], ignore_errors=True)
    return collector.seen


def shares(payloads):
    counts = {}
    for payload in payloads:
        counts[exemption(payload)] = counts.get(exemption(payload), 0) + 1
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))


# Who listens


def nginx(folder, paths):
    """A web server as many have, to hold ours against."""
    site = folder + "/www"
    os.makedirs(site, exist_ok=True)
    with open(site + "/index.html", "w") as file:
        file.write("<p>Hello\n")
    for place in (folder, site):
        os.chmod(place, 0o755)
    with open(folder + "/nginx.conf", "w") as file:
        file.write(f"""daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
server {{ listen {SITE} ssl; ssl_certificate {paths[0]}; ssl_certificate_key {paths[1]};
root {site}; }} }}""")
    return subprocess.Popen(
        lab.inside(1, NGINX, "-e", folder + "/errors", "-c", folder + "/nginx.conf"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def listening(number):
    """Everything that listens in a namespace, but on loopback."""
    text = subprocess.run(
        lab.inside(number, "ss", "-ltnuH"), capture_output=True, text=True, check=True).stdout
    places = []
    for words in text.splitlines():
        parts = words.split()
        if not parts[4].startswith(("127.", "[::1]")):
            places.append(f"{parts[0]} {parts[4]}")
    return sorted(places)


def measure(given):
    folder = tempfile.mkdtemp(prefix="starling-listeners-")
    paths = reach.certificate(folder)
    os.makedirs(folder + "/b")
    node = bridge = server = None
    try:
        address = lab.address(1)
        node = lab.Node(1, folder, "--tunnel", f"{address}:{TLS}", "--tunnel-certificate",
                        paths[0], "--tunnel-key", paths[1])
        node.wait_until_up()
        bridge = lab.Node(1, folder + "/b", "--transport", f"obfs4={OBFS4}", "--transport-listen",
                          f"obfs4@{address}:{BRIDGE}", "--page", "off", port=4001)
        bridge.wait_until_up()
        places = listening(1)
        server = nginx(folder, paths)
        time.sleep(1)
        doors = {"tunnel": TLS, "nginx": SITE, "obfs4": BRIDGE}
        tables = {name: reactions(port) for name, port in doors.items()}
        thresholds = {name: [threshold(port, seed) for seed in (1, 2, 3)]
                      for name, port in doors.items()}
        cert = bridge.ready["tunnel"].split("cert=")[1].split(";")[0]
        first = obfs4_calls(given.calls, cert)
    finally:
        for each in (node, bridge):
            if each:
                each.stop()
        if server:
            lab.end(server)
        shutil.rmtree(folder, ignore_errors=True)
    return tables, thresholds, places, first


def text(given, tables, thresholds, places, first, seconds):
    names = ["tunnel", "nginx", "obfs4"]
    rows = [[name, *(f"{tables[door][name][0]}, {tables[door][name][1]:.1f} s" for door in names)]
            for name in PROBES]
    same = {door: len({kinds for kinds, _ in tables[door].values()}) for door in names}
    command = "scripts/measure/listeners" + (" " + " ".join(sys.argv[1:]) if sys.argv[1:] else "")
    return "\n\n".join([
        "# What TCP listeners show to strangers",
        "A node with a tunnel of its own at 443, one with obfs4 in front, and nginx with the same"
        " certificate to hold ours against; probed from another namespace.",
        lab.provenance(command) + f"\n- it took {seconds:.0f} s",
        "## Thirteen probes (A2)",
        f"What came, how it ended, after how long; `open` after {PATIENCE:.0f} s. Different"
        " reactions: " + ", ".join(f"{door} {count}" for door, count in same.items()) + ".",
        lab.table(["probe", *names], rows),
        "## Thresholds (A3)",
        "Random bytes one at a time, three seeds: after how many the connection ended; 0 is not"
        " within 20,000. A TLS server reads the first five as the head of a record.",
        lab.table(["listener", "bytes"], [[door, ", ".join(map(str, thresholds[door]))]
                                          for door in names]),
        "## First bytes of callers (W1)",
        f"{len(first)} connections of the real obfs4proxy against the five exemptions:"
        f" {shares(first)}. What is exempt by none is blocked by that rule. Those of"
        " tunnels are a ClientHello each time, Ex5 (`everyFirstPayloadIsAClientHello`).",
        "## What listens (A10)",
        "Beside loopback: " + ", ".join(f"`{place}`" for place in places) + ".",
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000)
    parser.add_argument("--result")
    given = parser.parse_args()
    if not OBFS4 or not os.path.exists(NGINX):
        raise lab.Failed("needs nginx and obfs4proxy")
    began = time.monotonic()
    tables, thresholds, places, first = measure(given)
    lab.save(text(given, tables, thresholds, places, first, time.monotonic() - began), given.result)
    return 0


if __name__ == "__main__":
    lab.run(main)
