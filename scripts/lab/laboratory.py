# SPDX-License-Identifier: Apache-2.0
"""Real nodes in the namespaces that `namespaces.sh` made, driven from one Python program.

A shell script makes the namespaces, exports LAB and LAB_NODES, and runs the program that imports
this. Control sockets are files, so the program itself stays outside and talks to every node.
"""

import atexit
import datetime
import json
import os
import platform
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
STARLING = os.environ.get("STARLING", ROOT + "/.build/release/starling")
LAB = os.environ.get("LAB", "")
PORT = 4000


class Failed(Exception):
    """What was measured cannot be measured: said to the person, without a trace."""


def address(number):
    """As `lab_address` has it."""
    return f"10.77.{number // 250}.{number % 250}"


def namespace(number):
    return f"{LAB}n{number}"


def inside(number, *command):
    """A command line that runs in a node's namespace."""
    return ["ip", "netns", "exec", namespace(number), *command]


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise Failed(f"{what}: not within {seconds} s")


class Control:
    """One connection to a node's control socket."""

    def __init__(self, path, timeout=30.0):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.input = b""

    def send(self, **request):
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def line(self):
        while b"\n" not in self.input:
            more = self.socket.recv(65_536)
            if not more:
                raise Failed("the node closed its control socket")
            self.input += more
        line, self.input = self.input.split(b"\n", 1)
        return json.loads(line)

    def ask(self, **request):
        self.send(**request)
        reply = self.line()
        if "error" in reply:
            raise Failed(f"{request['request']}: {reply}")
        return reply

    def close(self):
        self.socket.close()


class Node:
    """One `starling up` in a namespace of its own. It stops when this program does."""

    def __init__(self, number, folder, *options, port=PORT):
        self.number = number
        self.name = f"node {number}"
        self.folder = f"{folder}/{number}"
        self.control = f"{folder}/{number}.control"
        self.recording = f"{folder}/{number}.wav"
        self.log = f"{folder}/{number}.log"
        self.options = options
        self.port = port
        self.listener = None
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                inside(
                    self.number, STARLING, "up", "--data", self.folder, "--control", self.control,
                    "--port", str(self.port), "--unprotected", "--name", self.name,
                    "--stop-with-stdin", "--json", *self.options,
                ),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )
        self.is_alive = True

    def wait_until_up(self, seconds=20):
        if not select_input(self.process.stdout, seconds):
            raise Failed(f"{self.name} did not start; see {self.log}")
        line = self.process.stdout.readline()
        if not line:
            with open(self.log) as log:
                raise Failed(f"{self.name} ended at once: {log.read().strip()}")
        self.ready = json.loads(line)

    @property
    def pid(self):
        """`ip` executes the node, so the id is the node's own."""
        return self.process.pid

    def ask(self, **request):
        connection = Control(self.control)
        try:
            return connection.ask(**request)
        finally:
            connection.close()

    def status(self):
        return self.ask(request="status")

    def room(self):
        rooms = self.status()["rooms"]
        return rooms[0] if rooms else None

    def record(self):
        self.listener = subprocess.Popen(
            [STARLING, "listen", "--control", self.control, "-o", self.recording],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def stop_recording(self):
        if self.listener:
            end(self.listener, signal.SIGINT)
            self.listener = None

    def speak(self, sound, *options):
        return subprocess.Popen(
            [STARLING, "speak", sound, "--control", self.control, "--json", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )

    def send(self, number):
        self.process.send_signal(number)

    def kill(self):
        """Dead without a word."""
        self.send(signal.SIGKILL)
        self.process.wait()
        self.is_alive = False

    def stop(self):
        self.stop_recording()
        # One that was stopped cannot take a polite signal.
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            end(self.process, signal.SIGTERM)
        self.is_alive = False


class Talk:
    """Speech without end into a node, until it is stopped."""

    def __init__(self, node, sound):
        """`sound`: signed 16 bit, mono, 48 kHz."""
        self.process = subprocess.Popen(
            [STARLING, "speak", "-", "--control", node.control],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.sound = sound
        self.thread = threading.Thread(target=self.feed, daemon=True)
        self.thread.start()

    def feed(self):
        try:
            while True:
                for start in range(0, len(self.sound), 9_600):
                    self.process.stdin.write(self.sound[start : start + 9_600])
        except (BrokenPipeError, ValueError):
            pass

    def stop(self):
        end(self.process)
        self.thread.join()


def select_input(stream, seconds):
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def end(process, number=signal.SIGTERM, seconds=5):
    """Asks a child of ours to end, and makes it."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Flock:
    """Several nodes and the folder they live in: so many, or those of these numbers."""

    def __init__(self, numbers, *options):
        self.folder = tempfile.mkdtemp(prefix="starling-lab-")
        self.nodes = []
        if isinstance(numbers, int):
            numbers = range(1, numbers + 1)
        try:
            for number in numbers:
                self.nodes.append(self.make(number, *options))
            for node in self.nodes:
                node.wait_until_up()
        except BaseException:
            self.stop()
            raise

    def make(self, number, *options):
        return Node(number, self.folder, *options)

    def gather(self):
        """Everybody into one room, by a link of the first node."""
        first = self.nodes[0]
        first.ask(request="room.create", title="Laboratory", name=first.name)
        self.link = first.ask(request="invite")["link"]
        for node in self.nodes[1:]:
            node.ask(request="join", link=self.link, name=node.name)

    def is_settled(self):
        return all(settled(node.room(), len(self.nodes)) for node in self.nodes)

    def stop(self, keep=False):
        for node in self.nodes:
            if node.process:
                node.process.stdin.close()
        for node in self.nodes:
            node.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def settled(room, count):
    """Everybody is known and there is a parent in both trees, or this is the root."""
    if not room or len(room["members"]) != count or len(room["trees"]) != 2:
        return False
    trees = room["trees"]
    return all(tree.get("parent") for tree in trees) or all(tree["depth"] == 0 for tree in trees)


class FrameWatch:
    """Which frames each node sent and heard, and when: the control socket's `frames`."""

    def __init__(self, nodes):
        self.sent = {}
        self.heard = {node.number: {} for node in nodes}
        self.selector = selectors.DefaultSelector()
        self.connections = []
        for node in nodes:
            connection = Control(node.control)
            connection.ask(request="frames")
            connection.socket.setblocking(False)
            self.connections.append(connection)
            self.selector.register(
                connection.socket, selectors.EVENT_READ, (node.number, connection))
        self.ending = False
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        while not self.ending:
            for key, _ in self.selector.select(0.1):
                self.read(*key.data)

    def read(self, number, connection):
        try:
            more = connection.socket.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self.selector.unregister(connection.socket)
            return
        *lines, connection.input = (connection.input + more).split(b"\n")
        for line in lines:
            frame = json.loads(line)
            into = self.sent if frame["s"] == "sent" else self.heard[number]
            into.setdefault(frame["ctr"], frame["t"])

    def close(self):
        self.ending = True
        self.thread.join()
        for connection in self.connections:
            connection.close()


class Meter:
    """Bytes that went into each node's interface, IP and UDP headers and all else included.

    Read at the other end of its cable, from which Ethernet's own 14 bytes a packet are taken off.
    """

    def __init__(self, count):
        self.count = count

    def read(self):
        output = subprocess.run(
            ["ip", "-n", LAB + "hub", "-s", "-j", "link"], check=True, capture_output=True
        ).stdout
        result = {}
        for link in json.loads(output):
            if link["ifname"].startswith("port"):
                sent = link["stats64"]["tx"]
                number = int(link["ifname"][4:])
                result[number] = sent["bytes"] - 14 * sent["packets"]
        return time.monotonic(), result


# Figures


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def decimals(value, count=1):
    return "-" if value is None else f"{value:.{count}f}"


def table(heading, rows):
    lines = ["| " + " | ".join(heading) + " |", "|" + " --- |" * len(heading)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def provenance(command):
    """How a result came to be."""
    cores = len(os.sched_getaffinity(0))
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return "\n".join([
        f"- made by `{command}`",
        f"- at commit `{COMMIT}`{of_binary()}, {BUILD}, on {MADE}",
        f"- on {cores} cores of {models[0] if models else platform.machine()}, "
        f"Linux {platform.release()}, which others use too: load average of a minute {LOAD:.2f} "
        f"before it, {os.getloadavg()[0]:.2f} at its end",
    ])


def of_binary():
    """A binary that was built from another commit than the scripts says so in STARLING_COMMIT."""
    built = os.environ.get("STARLING_COMMIT")
    return f" (the binary: `{built}`)" if built else ""


def commit():
    return output("git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12").strip()


def build():
    kind = "release" if "/release/" in os.path.realpath(STARLING) else "debug"
    place = "shared" if "libswiftCore" in output("ldd", STARLING) else "linked into the binary"
    return f"{kind} build, Swift's libraries {place}"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout


def own_copy(path):
    """A build during a long measurement must not change what is measured."""
    folder = tempfile.mkdtemp(prefix="starling-binary-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return shutil.copy(path, folder)


# As it is when the measurement begins.
COMMIT, BUILD, LOAD = commit(), build(), os.getloadavg()[0]
MADE = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
STARLING = own_copy(STARLING)


def save(text, path):
    """To a file, or on standard output."""
    if not path:
        print(text)
        return
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as file:
        file.write(text.rstrip() + "\n")
    say(f"Written: {path}")


def say(words):
    print(words, file=sys.stderr, flush=True)


def run(main):
    """Ends politely: on a signal everything that was started is ended."""

    def interrupted(number, _):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    try:
        sys.exit(main())
    except Failed as failure:
        say(f"FAILED: {failure}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
