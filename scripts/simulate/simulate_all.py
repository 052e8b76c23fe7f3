"""Runs topologies, two at a time, and writes what came of them.

Standard library only. Called by scripts/simulate-all.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import time

import curves

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results"

# Worlds that have no file but come from their seed.
STORM = "storm"
# Seeds of each topology; what is not named gets five.
SEEDS = {
    "crowd-of-100": 1000,
    "crowd-of-1000": 1,
    "crowd-of-1000-deaths": 2,
    "crowd-of-1000-losses": 1,
    "crowd-of-1000-churn": 1,
    "crowd-of-5000": 1,
    "flash-crowd": 1,
    "two-friends": 100,
    "kitchen-table": 100,
    "split-country": 5,
    "newcomers": 3,
    "sybil-swarm": 2,
    "freeloaders": 5,
    "removal": 20,
    "removal-at-once": 20,
    STORM: 300,
}
LIMIT_SECONDS = 7200

# Row of the issue, topology, and per measure: anchor, target.
MUST_SHOW = [
    (1, "crowd-of-100", [("runs without a stall, %", "5.3 % of listeners stall", ">= 99.9")]),
    (2, "crowd-of-1000-deaths", [
        ("stalled_percent", "55.8", "<= 20"), ("stall_mean_ms", "187", "<= 70"),
        ("stall_worst_ms", "4000", "<= 400")]),
    (3, "crowd-of-1000", [
        ("delay_p50_ms", "216", "<= 80"), ("delay_p99_ms", "344", "<= 120")]),
    (4, "crowd-of-1000", [("control_per_frame", "2.2-2.8", "<= 0.3")]),
    (5, "crowd-of-1000-losses", [("bad_frames_permille", "39.4 (RED)", "<= 1")]),
    (6, "crowd-of-1000-churn", [("bad_frames_permille", "15.5 (RED)", "<= 0.5")]),
    (7, "crowd-of-5000", [
        ("delay_p99_ms", "Mumble at home: 5-6 listeners", "<= 200"),
        ("uplink_percent", "-", "<= 50"), ("bad_frames_permille", "-", "<= 1")]),
    (8, "newcomers", [
        ("presence_p99_ms", "3600", "<= 200"), ("bytes_in_per_s", "582", "<= 700")]),
    (9, "split-country", [
        ("sound_across_p95_ms", "-", "<= 3000"), ("rosters_healed_ms", "-", "<= 5000")]),
    (10, "freeloaders", [
        ("bad_frames_permille", "undetected", "<= 5"), ("hostile_parents", "-", "0"),
        ("forged_heard", "-", "0")]),
    (11, "behind-nats", [
        ("two_parents_percent", "70 % of pairs", ">= 99.8"), ("served_percent", "-", ">= 99.8")]),
]


def run(starling, name, seed):
    world = "--storm" if name == STORM else str(ROOT / "Topologies" / f"{name}.json")
    start = time.monotonic()
    try:
        result = subprocess.run(
            [starling, "simulate", world, "--seed", str(seed), "--json"],
            capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"topology": name, "seed": seed, "error": f"not done after {LIMIT_SECONDS} s"}
    line = result.stdout.strip()
    if not line:
        return {"topology": name, "seed": seed, "error": result.stderr.strip()[-300:]}
    report = json.loads(line)
    report["wall_s"] = round(time.monotonic() - start, 2)
    return report


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else None


def number(value):
    return "-" if value is None else f"{value:.4g}"


def summary(reports, measure):
    """Median and worst over the seeds."""
    if measure == "runs without a stall, %":
        good = sum(1 for r in reports if r["measures"].get("stalled_percent") == 0)
        return f"{100 * good / len(reports):.4g}"
    values = [r["measures"][measure] for r in reports if measure in r["measures"]]
    if not values:
        return "not measured"
    if len(values) == 1:
        return number(values[0])
    return f"{number(quantile(values, 0.5))} ({number(min(values))} to {number(max(values))})"


def keep_old(all_reports):
    """What was run before and not now stays in the report, with its commit."""
    file = RESULTS / "simulation.jsonl"
    if not file.exists():
        return
    fresh = set(all_reports)
    for line in file.read_text().splitlines():
        report = json.loads(line)
        if report["topology"] not in fresh:
            all_reports.setdefault(report["topology"], []).append(report)


def write(all_reports, scale):
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True,
        check=False).stdout.strip()
    for reports in all_reports.values():
        for report in reports:
            report["commit"] = commit
    keep_old(all_reports)
    lines = [
        "# Simulation", "",
        f"`scripts/simulate-all`, commit {commit}, {time.strftime('%Y-%m-%d')}, "
        f"{os.cpu_count()} cores, scale {scale}. Real participants, real sealing; how a stall and "
        "a bad frame are told is in [Topologies](../../Topologies/README.md). Every run is in",
        "`simulation.jsonl` and can be repeated by its seed. Median, least and most over seeds.",
        "What it means, and what is wrong, is in [simulation-notes](simulation-notes.md).",
        "", "## Against the anchors", "",
        "| row | topology | measure | anchor | target | measured | seeds |",
        "| ---: | --- | --- | --- | --- | --- | ---: |",
    ]
    for row, name, measures in MUST_SHOW:
        reports = [r for r in all_reports.get(name, []) if "error" not in r]
        for measure, anchor, target in measures:
            measured = summary(reports, measure) if reports else "not run"
            lines.append(
                f"| {row} | {name} | {measure} | {anchor} | {target} | {measured} "
                f"| {len(reports)} |")
    lines += ["", "## Every topology", "",
              "| topology | nodes | seeds | as expected | missed | events/s | wall s | commit |",
              "| --- | ---: | ---: | ---: | --- | ---: | ---: | --- |"]
    for name, reports in sorted(all_reports.items()):
        done = [r for r in reports if "error" not in r]
        missed = sorted({failure for r in done for failure in r["failed"]})
        bad = [r["seed"] for r in done if r["failed"] or r.get("breaches")]
        if bad and len(bad) < len(done):
            missed.append("seeds " + " ".join(map(str, bad[:12])))
        for report in reports:
            if "error" in report:
                missed.append(f"seed {report['seed']}: {report['error']}")
        if not done:
            lines.append(
                f"| {name} | - | {len(reports)} | 0 | {'; '.join(missed)} | - | - | {commit} |")
            continue
        good = sum(1 for r in done if not r["failed"] and not r.get("breaches"))
        speed = sum(r["events"] for r in done) / max(0.001, sum(r["wall_s"] for r in done))
        wall = quantile([r["wall_s"] for r in done], 0.5)
        lines.append(
            f"| {name} | {done[0]['nodes']} | {len(reports)} | {good} | {'; '.join(missed) or '-'} "
            f"| {speed:.0f} | {wall:.1f} | {done[0]['commit']} |")
    lines += ["", "## Pictures", ""]
    lines += [f"![{title}](simulation-{name}.svg)" for name, title in curves.draw_all(
        all_reports, RESULTS)]
    (RESULTS / "simulation.md").write_text("\n".join(lines) + "\n")
    with open(RESULTS / "simulation.jsonl", "w", encoding="utf-8") as file:
        for name in sorted(all_reports):
            for report in all_reports[name]:
                short = {key: value for key, value in report.items() if key != "curves"}
                file.write(json.dumps(short) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--starling", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--scale", type=float, default=1)
    options = parser.parse_args()
    names = options.only.split() or sorted(
        path.stem for path in (ROOT / "Topologies").glob("*.json"))
    if not options.only:
        names.append(STORM)
    jobs = [(name, seed) for name in names
            for seed in range(1, 1 + max(1, round(SEEDS.get(name, 5) * options.scale)))]
    # The long ones first, so that both cores are busy to the end.
    jobs.sort(key=lambda job: -len(job[0]) if "000" in job[0] else 0)
    reports = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for (name, seed), report in zip(jobs, pool.map(
                lambda job: run(options.starling, *job), jobs)):
            reports.setdefault(name, []).append(report)
            if seed == 1:
                print(name, report.get("failed", report.get("error")), flush=True)
    write(reports, options.scale)


if __name__ == "__main__":
    main()
