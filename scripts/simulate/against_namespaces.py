# SPDX-License-Identifier: Apache-2.0
"""The same room twice: real nodes in namespaces, and the simulator with the same delays.

    against_namespaces.py delays FOLDER NODES SEED     delay tables for each node
    against_namespaces.py measure FOLDER NODES SEED    real nodes, in the namespaces of $LAB
    against_namespaces.py simulate FOLDER NODES SEED   virtual ones
    against_namespaces.py report FOLDER [FILE]         both beside each other

Run by scripts/simulate-against-namespaces.
"""

import glob
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lab"))
import laboratory as lab  # noqa: E402

# Milliseconds one way between two nodes, evenly (the link model of the anchors).
LEAST, MOST = 10, 50
# kbit/s that each node says it has, so few that trees grow: half is planned for others.
UPLINK = 1_000
# Seconds: everybody comes one after the other, settles, and then one speaks.
SETTLE, SPEECH, WARM = 60, 20, 3
TOLERATED = 0.15
WORD = (1 << 64) - 1


def split_mix(state):
    state = (state + 0x9E3779B97F4A7C15) & WORD
    word = state
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & WORD
    return word ^ (word >> 31)


def mixed(*words):
    """As `Chance.mix` in the simulator."""
    state = 0x9E3779B97F4A7C15
    for word in words:
        state = split_mix(state ^ word)
    return state


def delay(seed, one, other):
    """Milliseconds between two nodes, as `Weather.delay` has it: its nodes count from 0."""
    low, high = sorted((one - 1, other - 1))
    span = (MOST - LEAST) * 1_000_000 + 1
    return LEAST + mixed(seed, low, high) % span / 1e6


def delays(folder, count, seed):
    for node in range(1, count + 1):
        table = {
            lab.address(other): delay(seed, node, other)
            for other in range(1, count + 1) if other != node
        }
        with open(f"{folder}/delays-{node}.json", "w") as file:
            json.dump(table, file)


def coming(count):
    """How long it takes until all real nodes are in, about."""
    return max(2, count / 6)


def measure(folder, count, seed):
    result = {"nodes": count, "seed": seed}
    try:
        result.update(real(count, seed))
    except lab.Failed as failure:
        result["error"] = str(failure)
        lab.say(f"FAILED: {failure}")
    with open(f"{folder}/real-{count}-{seed}.json", "w") as file:
        json.dump(result, file)


def gather(flock, seed):
    """Everybody into one room, each by the link of somebody who is in, as in the simulator."""
    dice = random.Random(seed)
    first, *others = flock.nodes
    first.ask(request="room.create", title="Laboratory", name=first.name)
    for number, node in enumerate(others, 1):
        for attempt in range(5):
            host = flock.nodes[dice.randrange(number)]
            try:
                node.ask(
                    request="join", link=host.ask(request="invite")["link"], name=node.name)
                break
            except lab.Failed as failure:
                if attempt == 4:
                    raise
                lab.say(f"{node.name} asks again: {failure}")


def real(count, seed):
    with lab.Flock(count, "--uplink", str(UPLINK)) as flock:
        began = time.monotonic()
        gather(flock, seed)
        joined = time.monotonic() - began
        lab.wait_until(flock.is_settled, 60, "everybody in both trees")
        time.sleep(SETTLE)
        watch = lab.FrameWatch(flock.nodes)
        # Silence is sent like everything else.
        talk = lab.Talk(flock.nodes[0], bytes(960_000))
        time.sleep(SPEECH)
        load = os.getloadavg()[0]
        talk.stop()
        time.sleep(1)
        watch.close()
        statuses = {node.number: node.status() for node in flock.nodes}
    first = min(watch.sent.values())
    sent = {
        counter: moment for counter, moment in watch.sent.items()
        if WARM * 1e9 <= moment - first < (SPEECH - 1) * 1e9
    }
    waits = [
        (moment - sent[counter]) / 1e6
        for node in flock.nodes[1:] for counter, moment in watch.heard[node.number].items()
        if counter in sent
    ]
    expected = len(sent) * (count - 1)
    if not expected:
        raise lab.Failed("nothing was sent")
    depths = [
        max(tree["depth"] - 1 for tree in status["rooms"][0]["trees"])
        for number, status in statuses.items() if number != 1 and status["rooms"]
    ]
    return {
        "p50": lab.quantile(waits, 0.5), "p95": lab.quantile(waits, 0.95),
        "p99": lab.quantile(waits, 0.99), "frames": expected,
        "missing": 1_000 * (expected - len(waits)) / expected, "depth": lab.median(depths),
        "joined": joined, "load": load, "late": lateness(statuses, seed),
    }


def lateness(statuses, seed):
    """By how many milliseconds links are slower than they were set to, by the nodes' own pings."""
    numbers = {status["node"]: number for number, status in statuses.items()}
    late = [
        peer["rtt"] / 2 - delay(seed, number, numbers[peer["node"]])
        for number, status in statuses.items() for peer in status["peers"]
        if peer.get("rtt") and peer["node"] in numbers
    ]
    return max(0, lab.median(late) or 0)


def topology(count, late):
    join = coming(count)
    speech = 1 + join + SETTLE
    return {
        "name": f"namespaces-{count}",
        "about": "The room of the namespaces.",
        "seconds": speech + SPEECH + 1,
        "nodes": [
            {"group": "host", "uplink_kbps": 1_000_000, "gives_kbps": UPLINK},
            {"group": "people", "count": count - 1, "uplink_kbps": 1_000_000,
             "gives_kbps": UPLINK, "join": {"from_s": 1, "over_s": join}},
        ],
        "links": {"min_ms": LEAST, "max_ms": MOST, "jitter_ms": round(late, 2)},
        "talkers": [{"group": "host", "from_s": speech, "to_s": speech + SPEECH}],
        "measure": {"from_s": speech + WARM, "to_s": speech + SPEECH - 1},
        "expect": {"joined_percent_min": 100},
    }


def simulate(folder, count, seed):
    path = f"{folder}/namespaces-{count}.json"
    late = load(f"{folder}/real-{count}-{seed}.json").get("late", 0)
    with open(path, "w") as file:
        json.dump(topology(count, late), file)
    done = subprocess.run(
        [lab.STARLING, "simulate", path, "--seed", str(seed), "--json"],
        capture_output=True, text=True, check=False)
    if not done.stdout:
        raise lab.Failed(done.stderr.strip())
    with open(f"{folder}/simulated-{count}-{seed}.json", "w") as file:
        file.write(done.stdout)


def load(path):
    with open(path) as file:
        return json.load(file)


def report(folder, target=None):
    rows, met, pairs = [], True, {}
    for path in sorted(glob.glob(f"{folder}/real-*.json"), key=lambda p: (len(p), p)):
        found = load(path)
        count, seed = found["nodes"], found["seed"]
        virtual = load(f"{folder}/simulated-{count}-{seed}.json")["measures"]
        if "error" in found:
            rows.append([count, seed, found["error"]] + ["-"] * 8)
            met = False
            continue
        pairs.setdefault(count, []).append((found["p50"], virtual["delay_p50_ms"]))
        cells = [count, seed]
        for name in ("p50", "p95", "p99"):
            cells.append(f"{found[name]:.1f} / {virtual[f'delay_{name}_ms']:.1f}")
        cells += [
            f"{100 * (virtual['delay_p50_ms'] / found['p50'] - 1):+.1f} %",
            f"{found['missing']:.2f} / {virtual['missing_frames_permille']:.2f}",
            f"{found['depth']:.0f} / {virtual['depth_p50']:.0f}", found["frames"],
            f"{found['late']:.1f} ms", f"{found['load']:.1f}",
        ]
        rows.append(cells)
    summary = []
    for count, both in sorted(pairs.items()):
        real_median, virtual_median = (lab.median([pair[side] for pair in both]) for side in (0, 1))
        off = virtual_median / real_median - 1
        met = met and abs(off) <= TOLERATED
        summary.append([
            count, len(both), f"{real_median:.1f}", f"{virtual_median:.1f}", f"{100 * off:+.1f} %",
            "yes" if abs(off) <= TOLERATED else "**no**"])
    text = "\n\n".join([
        "# The simulator against real nodes",
        f"One speaks in a room of real `starling up` processes, each in a network namespace; what "
        f"reaches a node is held back by {LEAST} to {MOST} ms, evenly, for each two nodes "
        "differently. The simulator gets the same nodes with the same delays (both draw them from "
        f"the seed in the same way), and as jitter what the nodes' own round trips say that links "
        "are slower than set: the helpers that hold packets back are never early. Nodes say "
        f"that they have {UPLINK} kbit/s, so "
        "that most hear by way of others. Timed is from the frame leaving the speaker's encoder to "
        "the frame, opened, on its way to the listener's ear, by the nodes' own stamps, in "
        f"milliseconds; the first {WARM} s are left out. Who is whose parent differs, for real "
        "nodes draw their own lots.",
        lab.provenance("scripts/simulate-against-namespaces"),
        f"Wanted: medians within {100 * TOLERATED:.0f} %: " + ("met." if met else "**not met**."),
        lab.table(
            ["nodes", "seeds", "median real", "median simulated", "off by", "within"], summary),
        "Each run, real / simulated:",
        lab.table(
            ["nodes", "seed", "p50", "p95", "p99", "p50 off by", "missing of 1,000",
             "relays in between", "frames", "links late by", "load of the machine"],
            rows),
    ])
    lab.save(text, target)
    return 0 if met else 1


def main():
    what, folder, *rest = sys.argv[1:]
    if what == "report":
        return report(folder, rest[0] if rest else None)
    count, seed = map(int, rest)
    {"delays": delays, "measure": measure, "simulate": simulate}[what](folder, count, seed)
    return 0


lab.run(main)
