# SPDX-License-Identifier: Apache-2.0
"""Page A speaks, page B on another node listens: what B's loudspeaker got, against what was said.

  scripts/page-sound                     opus, then samples, then a relay killed, then quick joins
  scripts/page-sound --only opus         one of opus, samples, away, kill, join, slow, cost
  scripts/page-sound --result FILE       writes the figures as Markdown
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import time

import browser as lab

MEMORY = {"heardMic": True, "echo": False, "noise": False, "gain": False}
SECONDS = 20
LOAD = "%.1f" % os.getloadavg()[0]
rows, faults, busy = [], [], []


def tell(name, wanted, got, fine):
    rows.append((name, wanted, got, "yes" if fine else "**no**"))
    if not fine:
        faults.append(name)
    print(f"{'ok  ' if fine else 'FAIL'} {name}: {got} (wanted {wanted})", flush=True)


class Pair:
    """Two pages on two nodes of one room, with other nodes in it that relay."""

    def __init__(
            self, place, playwright, others=1, query="", away=None, listener=None):
        self.place, self.playwright, self.query = place, playwright, query
        self.listener = listener
        self.away, options = away, ()
        if away:
            ports = [lab.free_port(away.near) for _ in "AB"]
            options = [("--page-devices", f"{away.near}:{port}") for port in ports]
        self.ann = place.node("Ann", *(options[0] if away else ()))
        self.ben = place.node("Ben", *(options[1] if away else ()))
        self.others = [place.node(f"relay{number}") for number in range(others)]

    async def __aenter__(self):
        self.said = lab.speech(self.place.file("said.wav"), SECONDS, lead=2)
        program = self.away.program(self.place.path) if self.away else None
        self.browsers = [
            await lab.chromium(self.playwright, self.said, program=program),
            await lab.chromium(self.playwright, program=self.listener or program)]
        self.a = await self.open(self.browsers[0], self.ann)
        self.b = await self.open(self.browsers[1], self.ben)
        await self.a.create()
        self.invite = await self.a.invite()
        for node in self.others:
            node.run("join", self.invite)
        await self.b.join(self.invite)
        return self

    async def open(self, browser, node):
        if not self.away:
            return await lab.Page.open(browser, self.link(node), MEMORY, record=True)
        _, token = lab.pair(node, "Phone")
        return await lab.Page.open(
            browser, node.away, {**MEMORY, "key": token}, record=True, ignore_https_errors=True)

    def link(self, node):
        return node.page.replace("/#", f"/{self.query}#")

    async def hear(self):
        """Everything A says; returns how well B heard it and how much later."""
        await self.a.speak()
        await asyncio.sleep(SECONDS + 3)
        return await self.judge()

    async def judge(self):
        mic, ear = self.place.file("mic.wav"), self.place.file("ear.wav")
        spoken, _ = await self.a.recording("mic", mic)
        heard, _ = await self.b.recording("ear", ear)
        result = lab.compare(self.said, ear)
        moved = lab.compare(mic, ear)
        result["late_ms"] = [round(value + heard - spoken) for value in moved["delays_ms"]]
        result["delay_ms"] = round(moved["delay_p50_ms"] + heard - spoken)
        return result

    async def __aexit__(self, *_):
        for page, name in ((self.a, "A"), (self.b, "B")):
            if page.complaints:
                faults.append(f"page {name}: {page.complaints}")
        for browser in self.browsers:
            await browser.close()


async def heard(playwright, name, query, kind, away=None):
    with lab.Place() as place:
        async with Pair(place, playwright, query=query, away=away) as pair:
            await asyncio.sleep(1)
            result = await pair.hear()
            used = await pair.a.tab.evaluate("import('/sound.js').then(({sound}) => sound.format)")
            gaps = await pair.b.tab.evaluate("import('/sound.js').then(({sound}) => sound.output)")
    tell(f"{name}: format used", kind, used, used == kind)
    tell(f"{name}: STOI", ">= 0.95", result["stoi"], result["stoi"] >= 0.95)
    tell(f"{name}: mouth to ear, ms, middle of the seconds", "<= 250", result["delay_ms"],
         result["delay_ms"] <= 250)
    print("    ", json.dumps(result), gaps)


async def away(playwright):
    """Both pages on other devices, paired, over TLS."""
    machine = lab.Elsewhere()
    where = "another network namespace" if machine.is_apart else "127.0.0.2"
    try:
        await heard(playwright, f"paired devices, TLS, {where}", "", "opus", machine)
    finally:
        machine.end()


async def killed(playwright):
    """B's own parent in a tree dies while A speaks."""
    with lab.Place() as place:
        async with Pair(place, playwright, others=5) as pair:
            await asyncio.sleep(6)
            await pair.a.speak()
            await asyncio.sleep(2 + SECONDS / 2)
            victim = None
            room = pair.ben.status()["rooms"][0]
            parents = [tree.get("parent") for tree in room["trees"]]
            for node in pair.others:
                if json.loads(node.run("id", "--json"))["node"] in parents:
                    victim = node
            if victim is None:
                tell("a relay dies", "a relay feeds B", "none does", False)
                return
            victim.kill()
            await asyncio.sleep(SECONDS / 2 + 2)
            result = await pair.judge()
    longest = max(result["gaps_ms"], default=0)
    tell("a relay dies: longest gap, ms", "<= 20", longest, longest <= 20)
    tell("a relay dies: STOI", ">= 0.95", result["stoi"], result["stoi"] >= 0.95)
    print("    ", json.dumps(result))


# Says when the first sample that is not silence goes to the loudspeaker.
LISTEN = """
const connect = AudioNode.prototype.connect;
const code = `registerProcessor('first', class extends AudioWorkletProcessor {
  process([input]) {
    if (!input[0]?.some((sample) => Math.abs(sample) > 0.001)) return true;
    this.port.postMessage(0);
    return false;
  }
})`;
window.firstSound = new Promise((done) => {
  AudioNode.prototype.connect = function (target, ...more) {
    if (target === this.context.destination && !this.context.isTapped) {
      this.context.isTapped = true;
      const file = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      this.context.audioWorklet.addModule(file).then(() => {
        const tap = new AudioWorkletNode(this.context, 'first');
        tap.port.onmessage = () => done(performance.now());
        connect.call(this, tap);
        connect.call(tap, this.context.destination);
      });
    }
    return connect.call(this, target, ...more);
  };
});
"""
FIRST = """
async () => {
  const began = performance.now();
  document.querySelector('dialog form').requestSubmit();
  return await window.firstSound - began;
}
"""


async def joined(playwright, times=20):
    """A page that was just opened: from the tap on Join, link pasted, to the first sample."""
    with lab.Place() as place:
        ann, ben, loud = (place.node(name) for name in ("Ann", "Ben", "Loud"))
        ann.run("room", "create", "Kitchen table", "--name", "Ann")
        link = ann.run("invite")
        loud.run("join", link)
        lab.write_wav(place.file("tone.wav"), 8_000 * lab.np.sin(
            lab.np.arange(48_000 * 300) * 2 * lab.np.pi * 300 / 48_000))
        talker = subprocess.Popen(
            [lab.STARLING, "speak", place.file("tone.wav"), "--control", loud.control],
            stdout=subprocess.DEVNULL)
        browser = await lab.chromium(playwright)
        took = []
        try:
            for _ in range(times):
                page = await lab.Page.open(
                    browser, ben.page, MEMORY, dial=False, bypass_csp=True)
                await page.tab.add_init_script(LISTEN)
                await page.tab.goto(ben.page)
                await page.button("Join with a link").click()
                await page.tab.get_by_label("Link", exact=True).fill(link)
                took.append(await page.tab.evaluate(FIRST))
                await page.button("Leave quietly").click()
                await page.button("Start a room").wait_for()
                faults.extend(page.complaints)
                await page.tab.context.close()
        finally:
            talker.terminate()
            talker.wait()
            await browser.close()
    middle = statistics.median(took)
    tell(f"link pasted to first sample, ms, middle of {times} fresh pages", "<= 1000",
         round(middle), middle <= 1000)
    print("    ", sorted(round(value) for value in took))


class Slowed:
    """A quarter of this machine's processors, for a whole browser: its sound too, and not only
    the thread of the page, which is all that the browser's own brake holds back."""

    period = 10_000  # µs: short, for a slow phone is slow all the time

    def __init__(self, folder):
        self.program, self.group = lab.CHROMIUM, None
        quota = self.period * os.cpu_count() // 4
        for root, self.setting, self.value in (
                ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", quota),
                ("/sys/fs/cgroup", "cpu.max", f"{quota} {self.period}")):
            group = f"{root}/starling-{os.getpid()}"
            try:
                os.makedirs(group)
            except OSError:
                continue
            if not os.path.exists(f"{group}/{self.setting}"):
                os.rmdir(group)
                continue
            self.group, self.program = group, f"{folder}/slowed"
            with open(self.program, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\necho $$ > {group}/cgroup.procs\n'
                           f'exec {lab.CHROMIUM} "$@"\n')
            os.chmod(self.program, 0o755)
            return

    def brake(self):
        """From now on: how long a browser takes to start is not asked here."""
        if self.setting == "cpu.cfs_quota_us":
            with open(f"{self.group}/cpu.cfs_period_us", "w", encoding="ascii") as file:
                file.write(str(self.period))
        with open(f"{self.group}/{self.setting}", "w", encoding="ascii") as file:
            file.write(str(self.value))

    def held(self):
        """How many periods there were, and in how many the browser wanted more than it got."""
        with open(f"{self.group}/cpu.stat", encoding="ascii") as file:
            stat = dict(line.split() for line in file)
        return int(stat["nr_periods"]), int(stat["nr_throttled"])

    def end(self):
        for _ in range(50):
            try:
                if self.group:
                    os.rmdir(self.group)
                return
            except OSError:
                time.sleep(0.1)


async def slow(playwright):
    """The browser that listens has a quarter of this machine."""
    with lab.Place() as place:
        slowed = Slowed(place.path)
        try:
            async with Pair(place, playwright, listener=slowed.program) as pair:
                if slowed.group:
                    slowed.brake()
                else:
                    session = await pair.b.tab.context.new_cdp_session(pair.b.tab)
                    await session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
                await asyncio.sleep(1)
                result = await pair.hear()
                print(await pair.b.tab.evaluate(
                    "import('/sound.js').then(({sound}) => sound.output)"))
                if slowed.group:
                    print("    held back in %d of %d periods" % slowed.held()[::-1])
        finally:
            slowed.end()
    what = "whole browser" if slowed.group else "main thread only"
    tell(f"a phone at a quarter of the speed ({what}): STOI", ">= 0.95", result["stoi"],
         result["stoi"] >= 0.95)
    print("    ", json.dumps(result))


def used(pid):
    cpu = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            cpu += int(file.read().split()[0])
    with open(f"/proc/{pid}/status") as file:
        resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    return cpu / 1e9, resident / 1024


async def cost(playwright):
    """What an open page costs the node: listening, and speaking."""
    with lab.Place() as place:
        async with Pair(place, playwright) as pair:
            await pair.a.speak()
            await asyncio.sleep(3)
            before = [used(node.pid) for node in (pair.ann, pair.ben, pair.others[0])]
            began = time.monotonic()
            await asyncio.sleep(10)
            seconds = time.monotonic() - began
            after = [used(node.pid) for node in (pair.ann, pair.ben, pair.others[0])]
    names = ("a page speaks and listens", "a page listens", "no page, relays")
    for name, first, last in zip(names, before, after):
        share = (last[0] - first[0]) / seconds * 100
        tell(f"node, {name}: % of a core; MB", "given", f"{share:.1f}; {last[1]:.1f}", True)
    await idle(playwright)


async def idle(playwright, seconds=20):
    """In no room: with a page in the hallway, with the page only served, and without it."""
    cases = ("a page in the hallway", "page and devices served, none open", "page off")
    with lab.Place() as place:
        port = lab.free_port("127.0.0.2")
        nodes = [place.node("Ann"), place.node("Ben", "--page-devices", f"127.0.0.2:{port}"),
                 place.node("Cora", "--page", "off")]
        browser = await lab.chromium(playwright)
        await lab.Page.open(browser, nodes[0].page, MEMORY)
        await asyncio.sleep(5)
        before = [used(node.pid) for node in nodes]
        await asyncio.sleep(seconds)
        for name, node, first in zip(cases, nodes, before):
            last = used(node.pid)
            share = (last[0] - first[0]) / seconds * 100
            tell(f"idle node, {name}: % of a core; MB", "given",
                 f"{share:.2f}; {last[1]:.1f}", True)
        await browser.close()


PARTS = {
    "opus": lambda p: heard(p, "Opus", "", "opus"),
    "samples": lambda p: heard(p, "samples", "?pcm", "s16le"),
    "away": away, "kill": killed, "join": joined, "slow": slow, "cost": cost,
}


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=[*PARTS], action="append")
    parser.add_argument("--result")
    given = parser.parse_args()
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        for name in given.only or PARTS:
            await PARTS[name](playwright)
            busy.append(f"{name} {os.getloadavg()[0]:.1f}")
    for fault in faults:
        print("FAIL", fault)
    if given.result:
        with open(given.result, "w", encoding="utf-8") as file:
            file.write(text())
    return 1 if faults else 0


def text():
    import platform

    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=lab.ROOT)
    version = subprocess.run([lab.CHROMIUM, "--version"], capture_output=True, text=True).stdout
    table = "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
    build = "release" if "/release/" in lab.STARLING else "debug"
    return f"""# Sound through the page

Recorded speech into the fake microphone of one Chromium, what another on another node gave to its
loudspeaker recorded and held against the file, all on loopback. Mouth to ear: from the microphone's
samples in one page to the same samples at the other's loudspeaker, by the machine's clock; sound
cards are not in it. Nodes: {build} build.

`scripts/page-sound`, {time.strftime("%Y-%m-%d")}, commit {commit.stdout.strip()},
{version.strip()}, {os.cpu_count()} cores, {platform.system()} {platform.release()};
load of the machine before: {LOAD}; after each part: {", ".join(busy)}.

| what | wanted | measured | met |
| --- | --- | --- | --- |
{table}
"""


if __name__ == "__main__":
    lab.run(main)
