# SPDX-License-Identifier: Apache-2.0
"""Lets a node with three links do nothing, and says what that costs.

Run by scripts/measure/idle, which makes the namespaces.
"""

import argparse
import os
import shlex
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import laboratory as lab  # noqa: E402

MEGABYTES, SHARE = 20, 0.3


def arguments():
    parser = argparse.ArgumentParser(prog="idle", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--settle", type=float, default=30)
    parser.add_argument("--peers", type=int, default=3)
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


class Reading:
    """What /proc says of a process."""

    def __init__(self, pid):
        self.time = time.monotonic()
        # Nanoseconds on a core, of all threads; the ticks of /proc/PID/stat are 10 ms.
        self.cpu = 0
        self.switches = 0
        self.threads = os.listdir(f"/proc/{pid}/task")
        for thread in self.threads:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                self.cpu += int(file.read().split()[0])
            with open(f"/proc/{pid}/task/{thread}/status") as file:
                self.switches += sum(
                    int(line.split()[1]) for line in file if "ctxt_switches" in line)
        with open(f"/proc/{pid}/status") as file:
            fields = dict(line.split(":", 1) for line in file)
        self.resident = kilobytes(fields["VmRSS"])
        self.peak = kilobytes(fields["VmHWM"])
        self.anonymous = kilobytes(fields["RssAnon"])
        self.files = kilobytes(fields["RssFile"])


def kilobytes(field):
    return int(field.split()[0])


def largest(pid):
    """Resident kilobytes by what is mapped, the largest first."""
    totals, name = {}, ""
    with open(f"/proc/{pid}/smaps") as file:
        for line in file:
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                name = os.path.basename(words[5]) if len(words) > 5 else "memory of its own"
            elif words[0] == "Rss:":
                totals[name] = totals.get(name, 0) + int(words[1])
    return sorted(totals.items(), key=lambda item: -item[1])


def idle(name, nodes, given):
    """One row for the first of `nodes`."""
    node = nodes[0]
    time.sleep(given.settle)
    before, counters = Reading(node.pid), node.status()["counters"]
    most = before.resident
    end = before.time + given.seconds
    while time.monotonic() < end:
        time.sleep(min(5, max(0, end - time.monotonic())))
        most = max(most, Reading(node.pid).resident)
    after = Reading(node.pid)
    status = node.status()
    seconds = after.time - before.time
    share = (after.cpu - before.cpu) / 1e9 / seconds * 100
    datagrams = sum(
        status["counters"].get(key, 0) - counters.get(key, 0)
        for key in ("udp.received", "udp.sent"))
    lab.say(f"{name}: {most / 1024:.1f} MB, {share:.3f} %")
    row = [
        name, len(status["peers"]), f"{most / 1024:.1f}", f"{after.peak / 1024:.1f}",
        f"{after.anonymous / 1024:.1f}", f"{after.files / 1024:.1f}", f"{share:.3f}",
        f"{(after.switches - before.switches) / seconds:.1f}", f"{datagrams / seconds:.2f}",
        len(after.threads)]
    return row, most / 1024 <= MEGABYTES and share <= SHARE, largest(node.pid)


def main():
    given = arguments()
    command = "scripts/measure/idle " + shlex.join(sys.argv[1:])
    rows, mapped, met = [], [], True
    with lab.Flock(1) as alone:
        first = alone.nodes[0]
        address = next(
            text for text in first.ask(request="id")["addresses"] if lab.address(1) in text)
        for number in range(2, given.peers + 2):
            node = lab.Node(number, alone.folder, "--peer", address)
            alone.nodes.append(node)
            node.wait_until_up()
        lab.wait_until(lambda: len(first.status()["peers"]) >= given.peers, 20, "all links")
        row, fine, mapped = idle("linked, in no room", alone.nodes, given)
        rows.append(row)
        met = met and fine
        alone.gather()
        lab.wait_until(alone.is_settled, 30, "everybody in both trees")
        row, fine, _ = idle("in a room in which nobody speaks", alone.nodes, given)
        rows.append(row)
    heading = [
        "state", "links", "MB resident, most", "peak since start", "own", "of files", "% of a core",
        "switches/s", "datagrams/s", "threads"]
    text = "\n\n".join([
        "# What doing nothing costs",
        f"A node with {given.peers} links, looked at for {given.seconds:.0f} s after "
        f"{given.settle:.0f} s of rest. Processor time is the scheduler's own count of "
        "all threads, "
        "memory VmRSS at its largest of a reading every five seconds. No measurement runs inside "
        "the process.",
        lab.provenance(command),
        f"Wanted of an idle node (first line): at most {MEGABYTES} MB and {SHARE} % of a core: "
        + ("met." if met else "**not met**."),
        lab.table(heading, rows),
        "What is resident, in kB:",
        lab.table(["mapped", "kB"], mapped[:14]),
    ])
    lab.save(text, given.result)
    return 0 if met else 1


lab.run(main)
