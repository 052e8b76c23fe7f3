# SPDX-License-Identifier: Apache-2.0
"""From the start of a node to being in an open room, when nine of ten seeds are gone (S2), and when
all are and it was there before (S3). Run by scripts/measure/seeds, which makes the namespaces.
"""

import argparse
import base64
import os
import shlex
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lab"))
import laboratory as lab  # noqa: E402
import probes  # noqa: E402

SEED, HOST, MEMBER, NEWCOMER, SINK = 1, 2, 3, 4, 5
TITLE = "Laboratory"
WANTED, PATIENCE = 30, 180
# Of different networks, as seeds of different people are.
DEAD = [f"10.{network}.0.1" for network in range(81, 90)]
DROPPED = """
table inet gone {
  chain incoming {
    type filter hook input priority -2; policy accept;
    iifname "eth0" meta l4proto { udp, tcp } drop
  }
}
"""


class World(lab.Flock):
    """A seed, and two in an open room who have links with it."""

    def __init__(self):
        super().__init__([])
        try:
            self.nodes.append(lab.Node(SEED, self.folder, "--page", "off"))
            self.nodes[0].wait_until_up()
            self.seed = probes.own_address(self.nodes[0])
            for number in (HOST, MEMBER):
                node = lab.Node(number, self.folder, "--page", "off", "--peer", self.seed)
                self.nodes.append(node)
                node.wait_until_up()
            lab.wait_until(
                lambda: len(self.nodes[0].status()["peers"]) == 2, 20, "links with the seed")
            self.nodes[1].ask(request="room.create", title=TITLE, access="open", name="host")
            enter(self.nodes[2], time.monotonic(), 60)
            self.make_list()
        except BaseException:
            self.stop()
            raise

    def make_list(self):
        """Ten addresses; nobody answers at nine of them."""
        dead = [f"starling://{letters()}@{place}:{lab.PORT}" for place in DEAD]
        self.list, secret = self.folder + "/seeds.txt", self.folder + "/seeds.key"
        made = lab.output(lab.STARLING, "seeds", "keygen", "-o", secret)
        self.key = next(word for word in made.split() if word.startswith("RW"))
        subprocess.run(
            [lab.STARLING, "seeds", "make", "--key", secret, "-o", self.list, self.seed, *dead],
            check=True, stdout=subprocess.DEVNULL)


def letters():
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def furnish():
    """Everything for the dead seeds arrives at a machine that drops it."""
    for place in DEAD:
        subprocess.run(["ip", "-n", lab.namespace(SINK), "address", "add", place + "/32", "dev",
                        "lo"], check=True)
        subprocess.run(["ip", "-n", lab.namespace(NEWCOMER), "route", "add", place + "/32", "via",
                        lab.address(SINK)], check=True)
    censor(SINK)


def censor(number):
    subprocess.run(lab.inside(number, "nft", "-f", "-"), input=DROPPED, text=True, check=True)


def enter(node, began, patience):
    """Asks for the room by its title until it is in: seconds, and until the first link."""
    linked = None
    while time.monotonic() - began < patience:
        status = node.status()
        if status["peers"] and linked is None:
            linked = time.monotonic() - began
        if any(each["title"] == TITLE for each in status["listings"]):
            try:
                node.ask(request="join", room=TITLE, name=node.name)
                return time.monotonic() - began, linked
            except lab.Failed as failure:
                lab.say(f"asked again: {failure}")
        time.sleep(0.05)
    return None, linked


def start(world, folder):
    return lab.Node(NEWCOMER, folder, "--page", "off", "--no-relay", "--seeds", world.list,
                    "--seed-key", world.key)


def end(node):
    node.process.stdin.close()
    node.stop()


def one_left(world, number):
    """S2."""
    folder = f"{world.folder}/one{number}"
    os.mkdir(folder)
    began = time.monotonic()
    node = start(world, folder)
    try:
        node.wait_until_up()
        return enter(node, began, PATIENCE)
    finally:
        end(node)


def acquainted(world, number):
    """S3, first half: a node that was in the room, and what it keeps."""
    folder = f"{world.folder}/none{number}"
    os.mkdir(folder)
    node = lab.Node(NEWCOMER, folder, "--page", "off", "--no-relay", "--peer", world.seed)
    try:
        node.wait_until_up()
        seconds, _ = enter(node, time.monotonic(), 60)
        if seconds is None:
            raise lab.Failed("the newcomer did not come in while all was well")
        lab.wait_until(lambda: len(node.status()["peers"]) >= 2, 20, "links with members")
        time.sleep(5)
    finally:
        end(node)
    return folder


def none_left(world, folder):
    """S3, second half: it starts again, all seeds are gone."""
    began = time.monotonic()
    node = start(world, folder)
    try:
        node.wait_until_up()
        return enter(node, began, PATIENCE)
    finally:
        end(node)


def measure(tries):
    furnish()
    with World() as world:
        left = []
        for number in range(tries):
            left.append(one_left(world, number))
            lab.say(f"one seed left: in after {lab.decimals(left[-1][0])} s")
        folders = [acquainted(world, number) for number in range(tries)]
        censor(SEED)
        gone = []
        for folder in folders:
            gone.append(none_left(world, folder))
            lab.say(f"none left: in after {lab.decimals(gone[-1][0])} s")
    return left, gone


def row(name, tries):
    inside = [seconds for seconds, _ in tries if seconds is not None]
    links = [linked for _, linked in tries if linked is not None]
    met = len(inside) == len(tries) and max(inside) <= WANTED
    return [name, len(tries), sum(seconds <= WANTED for seconds in inside),
            lab.decimals(statistics.median(links)) if links else "-",
            lab.decimals(statistics.median(inside)) if inside else "-",
            lab.decimals(max(inside, default=None)),
            len(tries) - len(inside), "met" if met else "**missed**"]


def text(left, gone, command, seconds):
    each = [f"{name}: " + ", ".join(lab.decimals(seconds) for seconds, _ in tries)
            for name, tries in (("one left", left), ("none left", gone))]
    return "\n\n".join([
        "# With seeds gone",
        "A seed list names ten nodes in ten networks. Nine addresses drop everything; at the tenth"
        " is a node that has links with two others, who are in an open room. A newcomer with a new"
        " identity and nothing but that list starts, and asks for the room by its title as soon as"
        " it is told of it (S2). Then the tenth drops everything too, and nodes that were in the"
        " room before, stopped and keep what a node keeps, start again with the same list (S3)."
        " Timed is from the start of the process, with the work that an open room asks of"
        " strangers. No delay on the way.",
        lab.provenance(command) + f"\n- it took {seconds / 60:.0f} minutes",
        f"Wanted: in within {WANTED} s.",
        lab.table(["seeds", "tries", f"in within {WANTED} s", "first link, median s",
                   "in, median s", "worst s", f"not within {PATIENCE} s", "met"],
                  [row("one of ten left (S2)", left), row("none left, restarted (S3)", gone)]),
        "Each try, in seconds. " + "; ".join(each) + ".",
    ])


def main():
    parser = argparse.ArgumentParser(prog="seeds", description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=10, help="of each")
    parser.add_argument("--result", help="file for the result; standard output without")
    given = parser.parse_args()
    began = time.monotonic()
    left, gone = measure(given.tries)
    command = "scripts/measure/seeds " + shlex.join(sys.argv[1:])
    lab.save(text(left, gone, command.strip(), time.monotonic() - began), given.result)
    return 0


if __name__ == "__main__":
    lab.run(main)
