# SPDX-License-Identifier: Apache-2.0
"""Kills a relay in the middle of speech, again and again, and counts what listeners missed.

Run by scripts/measure/kill-relay, which makes the namespaces.
"""

import argparse
import collections
import concurrent.futures
import os
import shlex
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import laboratory as lab  # noqa: E402
import sound  # noqa: E402

# For what is still on its way or in a jitter buffer when the last frame was sent.
AFTERWARDS = 1.5
# kbit/s into a listener while one speaks (the budget of a listener).
BUDGET = 100
# PESQ that the way may cost on top of the codec.
TOLERATED = 0.1


def arguments():
    parser = argparse.ArgumentParser(prog="kill-relay", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--nodes", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=24, help="of speech")
    parser.add_argument("--settle", type=float, default=70, help="seconds between join and speech")
    parser.add_argument("--delay", type=float, default=0, help="ms on the way to each node")
    parser.add_argument("--jitter", type=float, default=0, help="ms either way, with --delay")
    parser.add_argument("--loss", type=int, default=0, help="of 1,000 packets to each node")
    parser.add_argument("--stop", action="store_true", help="SIGSTOP instead of SIGKILL")
    parser.add_argument("--keep", action="store_true", help="leave recordings of runs in /tmp")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


class Run:
    """One room, one speech, one death."""

    def __init__(self, given, said, length):
        self.given = given
        self.said = said
        self.length = length
        self.seconds = []
        self.scores = {}
        self.flock = lab.Flock(given.nodes)

    def carry_out(self):
        flock, given = self.flock, self.given
        flock.gather()
        joined = time.monotonic()
        lab.wait_until(flock.is_settled, 30, "everybody in both trees")
        time.sleep(max(0, joined + given.settle - time.monotonic()))

    def speak(self):
        speaker, *listeners = self.flock.nodes
        self.load = os.getloadavg()[0]
        watch = lab.FrameWatch(self.flock.nodes)
        for node in listeners:
            node.record()
        time.sleep(0.5)
        meter = lab.Meter(self.given.nodes)
        self.before = {n.number: n.status() for n in self.flock.nodes}
        process = speaker.speak(self.said)
        began = time.monotonic()
        self.meter(meter, began, self.length / 2)
        self.strike(listeners)
        self.meter(meter, time.monotonic(), self.length / 2 - 1)
        process.wait(self.length + 10)
        time.sleep(AFTERWARDS)
        self.statuses = {n.number: n.status() for n in self.flock.nodes if n.is_alive}
        for node in listeners:
            node.stop_recording()
        watch.close()
        self.sent, self.heard = watch.sent, watch.heard
        if not self.sent:
            raise lab.Failed("nothing was sent")

    def meter(self, meter, began, seconds):
        """One reading a second, of which the first second is left out: it holds the beginning."""
        readings = []
        for second in range(1, int(seconds) + 1):
            time.sleep(max(0, began + second - time.monotonic()))
            readings.append(meter.read())
        self.seconds.append(readings)
        time.sleep(max(0, began + seconds - time.monotonic()))

    def strike(self, listeners):
        """The listener that feeds most in one tree."""
        fed = {}
        for node in listeners:
            trees = node.room()["trees"]
            fed[node.number] = max(len(tree["children"]) for tree in trees)
        self.victim = max(listeners, key=lambda node: fed[node.number])
        self.children = fed[self.victim.number]
        if self.children == 0:
            raise lab.Failed("no listener relays to another: nothing to kill")
        self.death = time.time_ns()
        if self.given.stop:
            self.victim.send(signal.SIGSTOP)
            self.victim.is_alive = False
        else:
            self.victim.kill()

    @property
    def survivors(self):
        return [node.number for node in self.flock.nodes[1:] if node is not self.victim]

    # Figures

    def missing(self):
        """(listener, milliseconds from the death, counter) of each frame somebody did not get."""
        return [
            (number, (self.sent[counter] - self.death) / 1e6, counter)
            for number in self.survivors
            for counter in sorted(self.sent)
            if counter not in self.heard[number]
        ]

    def gap(self):
        """The longest wait for the next frame that any survivor had, in milliseconds."""
        longest = 0
        for number in self.survivors:
            moments = sorted(self.heard[number].values())
            longest = max([longest] + [(b - a) / 1e6 for a, b in zip(moments, moments[1:])])
        return longest

    def delays(self):
        return [
            (moment - self.sent[counter]) / 1e6
            for number in self.survivors
            for counter, moment in self.heard[number].items()
            if counter in self.sent
        ]

    def by_second(self):
        """kbit/s into the median and the worst surviving listener, second by second."""
        result = []
        for part in self.seconds:
            for (start, first), (stop, last) in zip(part, part[1:]):
                rates = [(last[n] - first[n]) * 8 / 1_000 / (stop - start) for n in self.survivors]
                result.append((lab.median(rates), max(rates)))
        return result

    def events(self):
        """What the listeners' counters say happened between the first and the last word."""
        total = collections.Counter()
        for number in self.survivors:
            total.update(self.statuses[number]["counters"])
            total.subtract(self.before[number]["counters"])
        return {name: count for name, count in sorted(total.items()) if count}

    def rates(self, part):
        """kbit/s into each surviving listener before (0) or after (1) the death."""
        (start, first), (stop, last) = self.seconds[part][0], self.seconds[part][-1]
        return [
            (last[number] - first[number]) * 8 / 1_000 / (stop - start)
            for number in self.survivors
        ]

    def streams(self, key):
        values = []
        for number in self.survivors:
            for stream in self.statuses[number]["rooms"][0]["streams"]:
                if stream.get(key) is not None:
                    values.append(stream[key])
        return sum(values)

    def score(self):
        """Slow; done while the next room settles."""
        for node in self.flock.nodes[1:]:
            if node is not self.victim:
                self.scores[node.number] = sound.compare(self.said, node.recording)
        if not self.given.keep:
            lab.shutil.rmtree(self.flock.folder, ignore_errors=True)

    def scored(self, key):
        return [score[key] for score in self.scores.values() if score.get(key) is not None]

    def summary(self):
        rates = self.rates(0)
        return (
            f"{len(self.sent)} sent, {len(self.missing())} missing, gap {self.gap():.0f} ms, "
            f"delay {lab.quantile(self.delays(), 0.5):.1f}/{lab.quantile(self.delays(), 0.99):.1f} "
            f"ms, {lab.median(rates):.1f} kbit/s, fed {self.children}, load {self.load:.1f}"
        )


def row(number, run):
    delays, before, after = run.delays(), run.rates(0), run.rates(1)
    pesq, stoi = run.scored("pesq_wb"), run.scored("stoi")
    return [
        number, run.children, len(run.sent), len(run.missing()), lab.decimals(run.gap()),
        lab.decimals(lab.quantile(delays, 0.5)), lab.decimals(lab.quantile(delays, 0.99)),
        lab.decimals(lab.median(before)), lab.decimals(max(before)), lab.decimals(max(after)),
        run.streams("late"), run.streams("concealed"),
        lab.decimals(lab.median(pesq), 2), lab.decimals(min(pesq, default=None), 2),
        lab.decimals(lab.median(stoi), 3), lab.decimals(min(stoi, default=None), 3),
        lab.decimals(run.load),
    ]


HEADING = [
    "run", "fed", "sent", "missing", "gap ms", "p50 ms", "p99 ms", "kbit/s median", "kbit/s max",
    "kbit/s max after", "late", "concealed", "PESQ median", "PESQ min", "STOI median", "STOI min",
    "load",
]


def report(given, runs, alone, command):
    clean = sum(not run.missing() for run in runs)
    pesq = [value for run in runs for value in run.scored("pesq_wb")]
    stoi = [value for run in runs for value in run.scored("stoi")]
    rates = [rate for run in runs for rate in run.rates(0)]
    delays = [delay for run in runs for delay in run.delays()]
    death = "stopped with SIGSTOP" if given.stop else "killed with SIGKILL"
    goals = lab.table(["what", "wanted", "measured", "met"], [
        ["runs in which no surviving listener missed a frame", f"19 of 20",
         f"{clean} of {len(runs)}", yes(clean >= 0.95 * len(runs))],
        ["kbit/s into a listener, mean of a run before the death, worst listener",
         f"<= {BUDGET}", lab.decimals(max(rates)), yes(max(rates) <= BUDGET)],
        ["the same, median listener", f"<= {BUDGET}", lab.decimals(lab.median(rates)),
         yes(lab.median(rates) <= BUDGET)],
        ["PESQ-wb, median listener", f">= {alone['pesq_wb'] - TOLERATED:.2f}",
         lab.decimals(lab.median(pesq), 2),
         yes(bool(pesq) and lab.median(pesq) >= alone["pesq_wb"] - TOLERATED)],
        ["PESQ-wb, worst listener", f">= {alone['pesq_wb'] - TOLERATED:.2f}",
         lab.decimals(min(pesq, default=None), 2),
         yes(bool(pesq) and min(pesq) >= alone["pesq_wb"] - TOLERATED)],
    ])
    losses = [
        [number, listener, counter, f"{when:.0f}"]
        for number, run in enumerate(runs, 1) for listener, when, counter in run.missing()
    ]
    parts = [
        "# A relay dies in the middle of speech" + (" without dying" if given.stop else ""),
        f"{given.nodes} nodes, each a process in a network namespace of its own, in one "
        "room joined "
        f"by invite link. The first speaks {given.seconds:.0f} s of recorded sentences at "
        "24 kbit/s; "
        f"half way through, the listener that feeds most others in a tree is {death}, and no ICMP "
        f"gives it away. The way to each node: {given.delay:.0f} ms delay, {given.jitter:.0f} ms "
        f"jitter either way, {given.loss} of 1,000 packets lost. "
        f"Speech begins {given.settle:.0f} s after the last join.",
        lab.provenance(command),
        "## Targets", goals,
        f"Opus alone (the same sound through libopus, same settings): PESQ-wb "
        f"{alone['pesq_wb']:.2f}, STOI {alone['stoi']:.3f}. One-way delay of all frames at all "
        f"listeners: p50 {lab.quantile(delays, 0.5):.1f} ms, p99 {lab.quantile(delays, 0.99):.1f} "
        f"ms. STOI of all listeners: median {lab.decimals(lab.median(stoi), 3)}, worst "
        f"{lab.decimals(min(stoi, default=None), 3)}.",
        "## Runs",
        "fed: children of the victim. missing, gap: over all surviving listeners, by the `frames` "
        "stream of the control socket. kbit/s: at the listeners' interfaces, IP and UDP headers "
        "included, while there is speech; before the death unless said. late, concealed: of the "
        "jitter buffers, all listeners together. PESQ-wb and STOI of `listen` recordings against "
        "what was said.",
        lab.table(HEADING, [row(number, run) for number, run in enumerate(runs, 1)]),
    ]
    if losses:
        parts += [
            "## Frames missed", "When each was sent, in ms from the death.",
            lab.table(["run", "listener", "counter", "ms"], losses[:200]),
        ]
    return "\n\n".join(parts), clean


def yes(condition):
    return "yes" if condition else "**no**"


def main():
    given = arguments()
    command = "scripts/measure/kill-relay " + shlex.join(sys.argv[1:])
    folder = lab.tempfile.mkdtemp(prefix="starling-said-")
    try:
        said, coded = folder + "/said.wav", folder + "/opus.wav"
        samples = sound.speech(given.seconds)
        sound.write_wav(said, samples)
        sound.write_wav(coded, sound.through_opus(samples))
        alone = sound.compare(said, coded)
        lab.say(f"Opus alone: PESQ-wb {alone['pesq_wb']:.2f}, STOI {alone['stoi']:.3f}")
        runs = measure(given, said, len(samples) / sound.RATE)
        text, clean = report(given, runs, alone, command)
        lab.save(text, given.result)
        return 0 if clean >= 0.95 * len(runs) else 1
    finally:
        lab.shutil.rmtree(folder, ignore_errors=True)


def measure(given, said, length):
    runs, scoring = [], None
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for number in range(1, given.runs + 1):
            run = Run(given, said, length)
            try:
                run.carry_out()
                if scoring:
                    scoring.result()
                run.speak()
            finally:
                run.flock.stop(keep=True)
            runs.append(run)
            lab.say(f"run {number}: {run.summary()}")
            lab.say("  kbit/s by second, median and worst: " + " ".join(
                f"{median:.0f}/{worst:.0f}" for median, worst in run.by_second()))
            lab.say(f"  {run.events()}")
            scoring = pool.submit(run.score)
        if scoring:
            scoring.result()
    return runs


lab.run(main)
