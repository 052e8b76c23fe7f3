# SPDX-License-Identifier: Apache-2.0
"""Many joins under the lottery of censor.py's R7: run by `scripts/blocking-lab --joins`, which
makes the namespaces.

Doors stand at port 443 of some nodes that are in a room. Newcomers, each a new identity at an
address of its own behind the wall, have a link to the room. A call that draws badly closes the
port of that door to that address for 180 s, which is longer than anybody is waited for.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import censor  # noqa: E402
import laboratory as lab  # noqa: E402
import reach  # noqa: E402

# As blocking-lab makes them: hosts first, newcomers behind.
HOSTS = 4
LIMIT = 30
# Which ways there are and to how many doors. A link holds four contacts.
SCENES = {
    "all": ("datagrams and TLS, two doors", False, 2),
    "alone": ("TLS, datagrams dropped, two doors", True, 2),
    "alone-4": ("TLS, datagrams dropped, four doors", True, 4),
}
SHARE_WANTED = 0.99


class Hosts(lab.Flock):
    """In a room, each with a door."""

    def __init__(self, count):
        super().__init__([])
        try:
            paths = reach.certificate(self.folder)
            for number in range(1, count + 1):
                self.nodes.append(lab.Node(
                    number, self.folder, "--tunnel", f"{lab.address(number)}:443",
                    "--tunnel-certificate", paths[0], "--tunnel-key", paths[1], "--page", "off"))
                self.nodes[-1].wait_until_up()
            self.gather()
            lab.wait_until(self.is_settled, 20, "everybody in both trees")
            # A link names those who are known to be in.
            self.link = self.nodes[0].ask(request="invite")["link"]
        except BaseException:
            self.stop()
            raise


class Slots:
    """Places behind the wall, each taken by one newcomer at a time."""

    def __init__(self, count):
        self.free = list(range(count))
        self.turns = [0] * count
        self.lock = threading.Lock()

    def take(self):
        """A slot and an address that nobody had before."""
        with self.lock:
            slot = self.free.pop()
            self.turns[slot] += 1
        place = f"10.77.{100 + slot}.{self.turns[slot]}"
        name = lab.namespace(HOSTS + 1 + slot)
        subprocess.run(["ip", "-n", name, "address", "flush", "dev", "eth0"], check=True)
        subprocess.run(
            ["ip", "-n", name, "address", "add", place + "/16", "dev", "eth0"], check=True)
        return slot, place

    def give(self, slot):
        with self.lock:
            self.free.append(slot)


class Join:
    """One newcomer, who asks again when told that nobody answered, as people do."""

    def __init__(self, number, slots, hosts):
        self.seconds = None
        self.tries = 0
        self.way = "-"
        slot, place = slots.take()
        folder = f"{hosts.folder}/join{number}"
        os.mkdir(folder)
        try:
            node = lab.Node(HOSTS + 1 + slot, folder, "--page", "off", "--no-relay")
            try:
                node.wait_until_up()
                self.ask(node, hosts.link)
                self.drawn = closed_to(place)
            finally:
                node.process.stdin.close()
                node.stop()
        finally:
            slots.give(slot)

    def ask(self, node, link):
        began = time.monotonic()
        while self.seconds is None and time.monotonic() - began < LIMIT:
            self.tries += 1
            left = LIMIT - (time.monotonic() - began)
            control = lab.Control(node.control, timeout=max(left, 0.1))
            try:
                control.ask(request="join", link=link, name="newcomer")
                self.seconds = time.monotonic() - began
            except TimeoutError:
                return
            except lab.Failed:
                time.sleep(1)
            finally:
                control.close()
        if self.seconds is not None:
            self.way = ways(node)


def ways(node):
    streams = [peer["endpoint"].startswith("127.0.0.1:") for peer in node.status()["peers"]]
    if not streams:
        return "-"
    return "stream" if all(streams) else "datagrams" if not any(streams) else "both"


def closed_to(place):
    """How many doors the lottery closed to this address."""
    text = subprocess.run(
        ["ip", "netns", "exec", censor.wall(), "nft", "list", "set", "inet", "censor", "residue"],
        capture_output=True, text=True, check=True).stdout
    return text.count(f"{place} . ")


def scene(key, count, at_once):
    words, is_alone, doors = SCENES[key]
    lab.say(f"-- {words}")
    next(rule for rule in censor.RULES if rule.name == "R7").begin()
    if is_alone:
        censor.load(censor.chain(censor.NO_UDP, name="always"))
    slots = Slots(at_once)

    def one(number):
        join = Join(number, slots, hosts)
        lab.say(f"join {number}: {lab.decimals(join.seconds)} s, {join.drawn} doors closed, "
                f"{join.tries} tries, by {join.way}")
        return join

    try:
        with Hosts(doors) as hosts, ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(one, range(1, count + 1)))
    finally:
        censor.load("delete table inet censor\n")
        if is_alone:
            censor.load("delete table inet always\n")


# The page


def row(name, joins):
    inside = [join.seconds for join in joins if join.seconds is not None]
    share = len(inside) / len(joins) if joins else 0
    return [
        name, len(joins), len(inside), f"{share * 100:.1f} %",
        lab.decimals(statistics.median(inside)) if inside else "-",
        lab.decimals(lab.quantile(inside, 0.95)), lab.decimals(max(inside, default=None)),
        sum(join.tries > 1 for join in joins),
        ", ".join(sorted({join.way for join in joins if join.way != "-"})) or "-"]


def rows(key, joins):
    """The whole, then by how many doors were closed."""
    words, _, doors = SCENES[key]
    result = [row(f"**{words}**", joins)]
    for closed in range(doors + 1):
        some = [join for join in joins if join.drawn == closed]
        if some and len(some) < len(joins):
            result.append(row(f"of these, {closed} of {doors} doors closed", some))
    return result


def verdict(key, joins):
    share = sum(join.seconds is not None for join in joins) / len(joins)
    return f"{SCENES[key][0]}: " + ("met" if share >= SHARE_WANTED else "**missed**")


def text(results, given, seconds):
    command = "scripts/blocking-lab " + " ".join(sys.argv[1:])
    return "\n\n".join([
        "# Joining under a lottery (B5)",
        "Every new TCP connection to port 443 is drawn with 26.3 %; whoever is drawn is kept from"
        " that port of that address for 180 s, as the rule against traffic that looks like nothing"
        " did (rule `R7` of `scripts/lab/censor.py`). Nodes in a room have doors for tunnels at"
        " that port, 20 ms away each way; newcomers have a link to the room. Each of them is a new"
        f" identity at an address of its own. {given.at_once} joined at a time, each from a"
        " namespace of its own; no join had any other's luck. Timed is from the request at the"
        f" control socket to the answer that one is in, within {LIMIT} s; who is told that nobody"
        " answered asks again a second later.",
        lab.provenance(command) + f"\n- the whole took {seconds / 60:.0f} minutes",
        f"Wanted: {SHARE_WANTED * 100:.0f} % within {LIMIT} s. "
        + "; ".join(verdict(key, joins) for key, joins in results.items()) + ".",
        lab.table(
            ["ways and doors", "joins", f"in within {LIMIT} s", "share", "median s", "p95 s",
             "worst s", "asked again", "by"],
            [each for key, joins in results.items() for each in rows(key, joins)]),
        "Closed is a door whose port the lottery took from the newcomer until it was in, or gave"
        " up. A door is called only when datagrams did not answer within a second. Of *n* doors"
        " called once each, all are closed to 0.263^n of the newcomers by chance: 6.9 % with two,"
        " 0.5 % with four.",
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--joins", type=int, required=True, help="of each scene")
    parser.add_argument("--at-once", type=int, default=4, help="as blocking-lab made places")
    parser.add_argument("--scenes", default=",".join(SCENES), help="of " + ", ".join(SCENES))
    parser.add_argument("--result", help="file for the page")
    given = parser.parse_args()
    began = time.monotonic()
    results = {key: scene(key, given.joins, given.at_once) for key in given.scenes.split(",")}
    lab.save(text(results, given, time.monotonic() - began), given.result)
    return 0


if __name__ == "__main__":
    lab.run(main)
