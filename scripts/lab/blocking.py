# SPDX-License-Identifier: Apache-2.0
"""Rules against ways of travelling: run by scripts/blocking-lab, which makes the namespaces.

Three real nodes. The first speaks recorded sentences; the second is free like the first; the third
listens behind a router that blocks. Of the third it is measured whether and when it hears.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import censor  # noqa: E402
import laboratory as lab  # noqa: E402
import reach  # noqa: E402
import rooms  # noqa: E402

OBFS4 = shutil.which("obfs4proxy")
# Named by what may be used; a way "alone" has all datagrams dropped from the start as well.
WAYS = {
    "datagrams": "datagrams alone",
    "tls": "datagrams and TLS",
    "tls-alone": "TLS, datagrams dropped",
}
if OBFS4:
    WAYS["obfs4"] = "datagrams and obfs4"
    WAYS["obfs4-alone"] = "obfs4, datagrams dropped"
SPEECH = {"start": 8, "middle": 14}
MOMENT = 5
LAST = 4e9


class Flock(lab.Flock):
    """The first two have doors, the third has none."""

    def __init__(self, way, family):
        super().__init__([])
        try:
            for number in (1, 2, 3):
                self.nodes.append(
                    lab.Node(number, self.folder, *self.options(number, way, family)))
                self.nodes[-1].wait_until_up()
        except BaseException:
            self.stop()
            raise

    def options(self, number, way, family):
        options = []
        host = f"[fd77::{number}]" if family == 6 else lab.address(number)
        if "obfs4" in way:
            options += ["--transport", f"obfs4={OBFS4}"]
            if number < 3:
                options += ["--transport-listen", f"obfs4@{host}:443"]
        elif "tls" in way and number < 3:
            paths = reach.certificate(self.folder)
            options += ["--tunnel", f"{host}:443", "--tunnel-certificate", paths[0],
                        "--tunnel-key", paths[1]]
        return options


def way_of(node):
    """By what the third node hears: its parents' ways."""
    status = node.status()
    rooms_now = status["rooms"]
    if not rooms_now:
        return "-"
    parents = {tree.get("parent") for tree in rooms_now[0]["trees"]}
    ways = {"stream" if peer["endpoint"].startswith("127.0.0.1:") else "datagrams"
            for peer in status["peers"] if peer["node"] in parents}
    return "+".join(sorted(ways)) or "-"


def figures(talk, node, start):
    """Of the third node: what is missing, the longest silence, how late it is."""
    heard = talk.heard[node.number]
    counters = sorted(talk.sent)
    end = talk.sent[counters[-1]]
    late = [c for c in counters[:-2] if talk.sent[c] >= end - LAST]
    delays = sorted((heard[c] - talk.sent[c]) / 1e6 for c in late if c in heard)
    before = sorted((heard[c] - talk.sent[c]) / 1e6 for c in counters
                    if c in heard and start and heard[c] < start)
    result = {
        "sent": len(counters),
        "missing_share": sum(c not in heard for c in counters) / len(counters),
        "missing_last": sum(c not in heard for c in late) / len(late),
        "gap": min(talk.gap(node), 99_999),
        "delay": lab.median(delays),
        "delay_before": lab.median(before),
    }
    if start:
        result["recovery"] = recovery(talk, heard, start)
    return result


def recovery(talk, heard, start):
    """Seconds from the rule to the first half second of which nine tenths were heard, from which
    on it stays so to the end; nothing when there is none."""
    counters = [c for c in sorted(talk.sent) if talk.sent[c] >= start][:-2]
    good = None
    for index in range(0, len(counters)):
        window = [c for c in counters[index:index + 25]
                  if talk.sent[c] < talk.sent[counters[index]] + 5e8]
        if talk.sent[counters[-1]] - talk.sent[counters[index]] < 5e8:
            break
        if sum(c in heard for c in window) >= 0.9 * len(window):
            if good is None:
                good = window[0]
        else:
            good = None
    return None if good is None else (talk.sent[good] - start) / 1e9


def cell(rule_name, way):
    rule = next(rule for rule in censor.RULES if rule.name == rule_name)
    family = 6 if rule.name == "ipv6" else 4
    if way.endswith("-alone"):
        censor.load(censor.chain(censor.NO_UDP, name="always"))
    if rule.moment == "start":
        rule.begin()
    result = {"rule": rule_name, "way": way}
    with Flock(way, family) as flock:
        third = flock.nodes[2]
        try:
            result["join"] = gather(flock)
            lab.wait_until(flock.is_settled, 15, "everybody in both trees")
        except lab.Failed as failure:
            result["failed"] = str(failure)
            if "join" not in result:
                return result
        # A second way is opened after joining.
        time.sleep(1.5)
        before = third.status()["counters"]
        moments = []

        def happen():
            # Nodes stamp frames with the wall clock.
            moments.append(time.time_ns())
            rule.begin()

        speak = flock.nodes[0].speak
        flock.nodes[0].speak = lambda sound: speak(sound, *rule.speech)
        happenings = [(MOMENT, happen)] if rule.moment == "middle" else []
        talk = rooms.Talk(flock, SPEECH[rule.moment], happenings)
        start = moments[0] if moments else None
        result.update(figures(talk, third, start))
        after = third.status()["counters"]
        result["restarts"] = after.get("linkDown", 0) - before.get("linkDown", 0)
        result["by"] = way_of(third)
    return result


def gather(flock):
    first = flock.nodes[0]
    first.ask(request="room.create", title="Laboratory", name=first.name)
    flock.nodes[1].ask(
        request="join", link=first.ask(request="invite")["link"], name="second")
    # Whoever comes last is given a link with both who are in.
    lab.wait_until(lambda: len(first.room()["members"]) == 2, 10, "the second is in")
    flock.link = first.ask(request="invite")["link"]
    began = time.monotonic()
    flock.nodes[2].ask(request="join", link=flock.link, name="third")
    return time.monotonic() - began


# The table


def run_cell(rule, way, folder):
    path = f"{folder}/{rule}-{way}.json"
    subprocess.run(
        [f"{lab.ROOT}/scripts/blocking-lab", "--cell", rule, way, path],
        stdout=subprocess.DEVNULL, stderr=open(path + ".log", "w"),
        timeout=180, check=False, env={**os.environ, "STARLING": lab.STARLING})
    if os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    with open(path + ".log") as log:
        return {"rule": rule, "way": way, "failed": log.read().strip()[-200:]}


def words(result):
    """One cell: the gap, the recovery, the delay, what is missing at the end."""
    if "sent" not in result:
        return "**not joined**"
    if result["missing_last"] > 0.5:
        return "**silence**"
    parts = []
    if "recovery" in result:
        gap = result["gap"]
        parts.append(f"gap {gap / 1000:.1f} s" if gap >= 100 else "no gap")
    else:
        parts.append(f"in after {result['join']:.1f} s")
    parts.append(f"{result['delay']:.0f} ms")
    if result["missing_last"] > 0.005:
        parts.append(f"**{result['missing_last'] * 100:.0f} % missing**")
    if result["restarts"]:
        parts.append("new session")
    parts.append("by " + result["by"])
    return ", ".join(parts)


def text(results, rules, ways, seconds, command):
    grid = {(result["rule"], result["way"]): result for result in results}
    rows = [[f"`{rule.name}`", rule.words, rule.moment,
             *(words(grid[rule.name, way]) for way in ways)] for rule in rules]
    details = [[f"`{r['rule']}`", WAYS[r["way"]], lab.decimals(r.get("join")),
                lab.decimals(r.get("gap"), 0), lab.decimals(r.get("recovery"), 2),
                lab.decimals(r.get("delay_before"), 0), lab.decimals(r.get("delay"), 0),
                lab.decimals(100 * r["missing_share"] if "sent" in r else None),
                lab.decimals(100 * r["missing_last"] if "sent" in r else None),
                r.get("restarts", "-"), r.get("by", "-")] for r in results]
    return "\n\n".join([
        "# Published blocking rules against every way of travelling",
        "Three nodes in namespaces, 20 ms to each. The first speaks recorded sentences at"
        " 24 kbit/s in frames of 20 ms; the third listens behind a router that has the rule in its"
        " forwarding, either before the nodes start or 5 s into 14 s of speech. The first two have"
        " doors at port 443. One run for each cell: a figure here is what happened once.",
        lab.provenance(command) + f"\n- the whole took {seconds / 60:.0f} minutes",
        "Rules and where they come from: `scripts/lab/censor.py`; the first-hand sources are named"
        " in [11-tunnel](../protocol/11-tunnel.md).",
        "## Table",
        "Gap: the longest time in which no frame came. In after: time to join. ms: median one-way"
        " delay of the last 4 s. Missing: of the last 4 s. New session: a link was lost and made"
        " again.",
        lab.table(["rule", "what", "from", *(WAYS[way] for way in ways)], rows),
        "## Figures",
        lab.table(["rule", "way", "join s", "gap ms", "sound again s", "ms before", "ms after",
                   "missing %", "missing at the end %", "links lost", "hears by"], details),
    ])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", nargs=3, metavar=("RULE", "WAY", "FILE"))
    parser.add_argument("--rules", help="names, separated by spaces")
    parser.add_argument("--ways", help="names, separated by commas")
    parser.add_argument("--result", help="file for the table")
    return parser.parse_args()


def main():
    given = arguments()
    if given.cell:
        rule, way, path = given.cell
        result = cell(rule, way)
        with open(path, "w") as file:
            json.dump(result, file)
        return 0
    names = given.rules.split() if given.rules else [rule.name for rule in censor.RULES]
    rules = [rule for rule in censor.RULES if rule.name in names]
    ways = given.ways.split(",") if given.ways else list(WAYS)
    folder = tempfile.mkdtemp(prefix="starling-blocking-")
    began = time.monotonic()
    pairs = [(rule.name, way) for rule in rules for way in ways]
    pool = ThreadPoolExecutor(int(os.environ.get("JOBS", "2")))
    results = []
    try:
        for result in pool.map(lambda pair: run_cell(*pair, folder), pairs):
            lab.say(f"{result['rule']:10} {result['way']:12} {words(result)}"
                    + (f" ({result['failed']})" if "failed" in result else ""))
            results.append(result)
    finally:
        # Interrupted: cells that run end by themselves, the others do not begin.
        pool.shutdown(cancel_futures=True)
    command = "scripts/blocking-lab" + (" " + " ".join(sys.argv[1:]) if sys.argv[1:] else "")
    lab.save(text(results, rules, ways, time.monotonic() - began, command), given.result)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    lab.run(main)
