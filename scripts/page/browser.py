# SPDX-License-Identifier: Apache-2.0
"""Nodes with pages, and browsers that open them."""

import asyncio
import base64
import glob
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import wave

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STARLING = os.environ.get("STARLING", ROOT + "/.build/debug/starling")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
SPEECH = "/usr/share/pocketsphinx/test/data/librivox/*.wav"
RATE = 48_000
# A folder from which the page's files come and not from the program: a change is seen without a
# build.
WEB = os.environ.get("STARLING_WEB", "")


class Node:
    """A node of its own on loopback, with a page on a free port."""

    def __init__(self, folder, name, *options, port=0):
        self.name, self.folder, self.options = name, f"{folder}/{name}", options
        self.port = port
        self.log = f"{folder}/{name}.log"
        self.start()

    def start(self):
        page = ["--page", "127.0.0.1:%d" % (self.port or free_port())]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [STARLING, "up", "--data", self.folder, "--bind", "127.0.0.1", "--port", "0",
                 *([] if "--page" in self.options else page), "--unprotected",
                 "--name", self.name, "--stop-with-stdin", "--json", *self.options],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        ready, _, _ = select.select([self.process.stdout], [], [], 20)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            raise SystemExit(f"{self.name} did not start; see {self.log}")
        said = json.loads(line)
        self.page, self.addresses = said.get("page"), said["addresses"]
        self.away = said.get("pageDevices")
        if self.page:
            self.port = int(self.page.split(":")[2].split("/")[0])
        self.control = said["control"]

    @property
    def pid(self):
        return self.process.pid

    def run(self, *words):
        done = subprocess.run(
            [STARLING, *words, "--control", self.control], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"starling {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def ask(self, **request):
        """One request of the control socket."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.control)
            line.sendall((json.dumps(request) + "\n").encode())
            with line.makefile() as answers:
                said = json.loads(answers.readline())
        if "code" in said:
            raise SystemExit(f"{self.name}: {said['error']}")
        return said

    def status(self):
        return json.loads(self.run("status", "--json"))

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()


def free_port(host="127.0.0.1"):
    with socket.socket() as found:
        found.bind((host, 0))
        return found.getsockname()[1]


def trusting():
    """TLS with whoever answers, as somebody who went past the browser's warning."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def pair(node, name):
    """One more device of a node; its number and token."""
    import urllib.request

    code = node.ask(request="page.pair")["letters"]
    asking = urllib.request.Request(
        node.away + "pair", data=json.dumps({"code": code, "name": name}).encode())
    with urllib.request.urlopen(asking, context=trusting()) as answer:
        said = json.loads(answer.read())
    return said["device"], said["token"]


class Elsewhere:
    """Another machine: a network namespace of its own, one cable away from this one. Where that
    needs rights that are not there, it is 127.0.0.2, which the node takes for foreign as well."""

    count = 0

    def __init__(self):
        Elsewhere.count += 1
        self.name = f"starling-{os.getpid()}-{Elsewhere.count}"
        self.near, self.far = "127.0.0.2", "127.0.0.2"
        self.is_apart = False
        cable = f"st{os.getpid() % 10_000}x{Elsewhere.count}"
        net = f"10.77.{os.getpid() % 250}"
        steps = [
            f"ip netns add {self.name}",
            f"ip link add {cable} type veth peer name far netns {self.name}",
            f"ip address add {net}.1/30 dev {cable}", f"ip link set {cable} up",
            f"ip -n {self.name} address add {net}.2/30 dev far",
            f"ip -n {self.name} link set far up", f"ip -n {self.name} link set lo up"]
        try:
            for step in steps:
                subprocess.run(step.split(), check=True, capture_output=True)
            self.near, self.far, self.is_apart = f"{net}.1", f"{net}.2", True
        except (OSError, subprocess.CalledProcessError):
            self.end()

    def program(self, folder):
        """Chromium over there."""
        if not self.is_apart:
            return CHROMIUM
        path = f"{folder}/{self.name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec ip netns exec {self.name} {CHROMIUM} "$@"\n')
        os.chmod(path, 0o755)
        return path

    def end(self):
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)


def write_wav(path, samples, rate=RATE):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.clip(samples, -32_768, 32_767).astype("<i2").tobytes())


def speech(path, seconds, lead=0.0):
    """Read sentences at 48 kHz, `lead` seconds of silence before them."""
    pieces = []
    for name in sorted(glob.glob(SPEECH)):
        with wave.open(name, "rb") as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
            rate = file.getframerate()
        count = (len(samples) + rate // 2) // 100 * 100
        spectrum = np.fft.rfft(samples, count)
        wanted = count * RATE // rate
        wide = np.fft.irfft(np.pad(spectrum, (0, wanted // 2 + 1 - len(spectrum))), wanted)
        pieces.append(wide[: len(samples) * RATE // rate] * (wanted / count))
    if not pieces:
        raise SystemExit("no recorded speech: apt install pocketsphinx-testdata")
    said = np.concatenate(pieces)
    said = np.tile(said, int(np.ceil(seconds * RATE / len(said))))[: int(seconds * RATE)]
    write_wav(path, np.concatenate([np.zeros(int(lead * RATE)), said]))
    return path


def switches(microphone=None):
    """Of Chromium: no permission asked, a file as microphone."""
    given = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
             "--autoplay-policy=no-user-gesture-required"]
    if WEB:
        # What comes from a folder comes from nowhere, and may not dial this machine.
        given.append("--disable-features=LocalNetworkAccessChecks")
    if microphone:
        given.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    return given


async def chromium(playwright, microphone=None, more=(), program=None):
    return await playwright.chromium.launch(
        executable_path=program or CHROMIUM, headless=True, args=switches(microphone) + list(more),
        ignore_default_args=["--mute-audio"])


async def from_folder(route):
    name = route.request.url.split("?")[0].split("#")[0].split("/")[3] or "index.html"
    path = f"{WEB}/{name}"
    if route.request.method != "GET" or not os.path.isfile(path):
        return await route.continue_()
    answer = await route.fetch()
    with open(path, "rb") as file:
        await route.fulfill(response=answer, body=file.read())


class Page:
    """One tab, with everything it complained of."""

    def __init__(self, tab):
        self.tab, self.complaints, self.home = tab, [], ()
        tab.on("console", self.heard)
        tab.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        tab.on("request", self.asked)

    @classmethod
    async def open(cls, browser, link, memory=None, record=None, dial=True, **context):
        context.setdefault("locale", "en-GB")
        if record:
            context["bypass_csp"] = True
        place = await browser.new_context(**context)
        if WEB:
            await place.route("**/*", from_folder)
        tab = await place.new_page()
        page = cls(tab)
        if link.startswith("https://"):
            place = "//" + link.split("/")[2] + "/"
            page.home = ("https:" + place, "wss:" + place)
        if record:
            await tab.add_init_script(RECORDER)
        if memory:
            await tab.add_init_script(
                "if (!localStorage.starling) localStorage.starling = "
                + json.dumps(json.dumps(memory)))
        if dial:
            await tab.goto(link)
        return page

    def heard(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def asked(self, request):
        ours = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", *self.home)
        if not request.url.startswith(ours):
            self.complaints.append(f"asked elsewhere: {request.url}")

    async def until(self, script, seconds=15):
        """Asks until it is so; playwright's own way needs an eval that our policy forbids."""
        end = time.monotonic() + seconds
        while not await self.tab.evaluate(f"Boolean({script})"):
            if time.monotonic() > end:
                raise AssertionError(f"after {seconds} s it is still not so: {script}")
            await asyncio.sleep(0.05)

    def button(self, name, **more):
        return self.tab.get_by_role("button", name=name, **more)

    async def create(self, title="Kitchen table", access=None):
        await self.button("Start a room").click()
        await self.tab.get_by_label("What is it about?").fill(title)
        if access:
            await self.tab.get_by_role("radio", name=access).check()
        await self.button("Open the room").click()
        await self.tab.get_by_role("heading", name=title).wait_for()

    async def invite(self):
        await self.button("Invite", exact=True).click()
        box = self.tab.get_by_label("Link", exact=True)
        await self.until("document.querySelector('dialog textarea').value.startsWith('starling:')")
        link = await box.input_value()
        await self.button("Close").click()
        return link

    async def join(self, link):
        await self.button("Join with a link").click()
        await self.tab.get_by_label("Link", exact=True).fill(link)
        await self.button("Join", exact=True).click()
        await self.button("Leave quietly").wait_for()

    async def speak(self):
        await self.button("Speak", exact=True).click()
        up = self.button("Go on stage")
        if await self.tab.evaluate("!JSON.parse(localStorage.starling).heardMic"):
            await up.click()
        await self.button("Mute").wait_for()

    async def recording(self, name, path):
        """What went through `ear` or `mic`; returns when its first sample came, in ms of 1970."""
        got = await self.tab.evaluate(f"window.recorder.take('{name}')")
        samples = np.frombuffer(base64.b64decode(got["samples"]), "<f4")
        write_wav(path, samples * 32_767, int(got["rate"]))
        return got["began"], len(samples) / got["rate"]


# What goes to the loudspeaker is kept by a worklet of our own, which needs the policy set aside;
# the microphone's track is read by a processor.
RECORDER = """
window.recorder = {
  tracks: {},
  async read(name, track) {
    const kept = this.tracks[name] = { blocks: [], began: 0, count: 0 };
    const source = new MediaStreamTrackProcessor({ track, maxBufferSize: 200 });
    const reader = source.readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      const now = performance.timeOrigin + performance.now();
      kept.rate = value.sampleRate;
      kept.count += samples.length;
      const began = now - kept.count / value.sampleRate * 1000;
      kept.began = kept.began ? Math.min(kept.began, began) : began;
      kept.blocks.push(samples);
      value.close();
    }
  },
  async take(name) {
    const kept = this.tracks[name];
    await kept.fetch?.();
    const all = new Float32Array(kept.count);
    let at = 0;
    for (const block of kept.blocks) { all.set(block, at); at += block.length; }
    const bytes = new Uint8Array(all.buffer);
    let text = '';
    for (let from = 0; from < bytes.length; from += 32768) {
      text += String.fromCharCode(...bytes.subarray(from, from + 32768));
    }
    return { samples: btoa(text), began: kept.began, rate: kept.rate };
  },
};
const connect = AudioNode.prototype.connect;
const code = `registerProcessor('recorder', class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.blocks = [];
    this.port.onmessage = () => this.port.postMessage({ blocks: this.blocks, began: this.began });
  }
  process([input]) {
    if (!input[0]) return true;
    this.began ??= currentTime;
    this.blocks.push(input[0].slice());
    return true;
  }
})`;
AudioNode.prototype.connect = function (target, ...more) {
  if (target === this.context.destination && !this.context.isTapped) {
    this.context.isTapped = true;
    window.recorder.listen(this.context, this);
  }
  return connect.call(this, target, ...more);
};
window.recorder.listen = async (context, source) => {
  const file = new Blob([code], { type: 'text/javascript' });
  await context.audioWorklet.addModule(URL.createObjectURL(file));
  const tap = new AudioWorkletNode(context, 'recorder');
  connect.call(source, tap);
  connect.call(tap, context.destination);
  const kept = window.recorder.tracks.ear = { rate: context.sampleRate };
  kept.fetch = () => new Promise((done) => {
    tap.port.onmessage = ({ data }) => {
      const { contextTime, performanceTime } = context.getOutputTimestamp();
      kept.blocks = data.blocks;
      kept.count = data.blocks.length * 128;
      kept.began = performance.timeOrigin + performanceTime - (contextTime - data.began) * 1000;
      done();
    };
    tap.port.postMessage(0);
  });
};
const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (open) navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await open(wish);
  const [track] = stream.getAudioTracks();
  if (track) window.recorder.read('mic', track.clone());
  return stream;
};
"""


class Place:
    """A folder for a run, kept when STARLING_KEEP names it."""

    def __enter__(self):
        self.kept = os.environ.get("STARLING_KEEP")
        self.path = self.kept or tempfile.mkdtemp(prefix="starling-page.")
        os.makedirs(self.path, exist_ok=True)
        self.nodes = []
        return self

    def node(self, name, *options):
        made = Node(self.path, name, *options)
        self.nodes.append(made)
        return made

    def file(self, name):
        return f"{self.path}/{name}"

    def __exit__(self, *_):
        for node in self.nodes:
            node.stop()
        if not self.kept:
            shutil.rmtree(self.path, ignore_errors=True)


def compare(said, heard, gap=20):
    output = subprocess.run(
        ["nice", "-n", "5", sys.executable, ROOT + "/scripts/audio-compare.py", said, heard,
         "--gap", str(gap)], capture_output=True).stdout
    return json.loads(output)


def run(main):
    """Runs a script's body, and says what is missing where it cannot."""
    if not CHROMIUM:
        print("no chromium here")
        sys.exit(77)
    try:
        import playwright  # noqa: F401
    except ImportError:
        print("no playwright here: pip install playwright")
        sys.exit(77)
    if not os.path.exists(STARLING):
        sys.exit(f"no {STARLING}: swift build --product starling")
    sys.exit(asyncio.run(main()))
