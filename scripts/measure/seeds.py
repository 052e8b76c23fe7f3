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
import capture  # noqa: E402
import laboratory as lab  # noqa: E402
import probes  # noqa: E402

SEED, ROOM, NEWCOMER, SINK = 1, (2, 3, 4, 5, 6), 7, 8
TITLE = "Laboratory"
WANTED = 30
# How long is waited with one seed left, and with none.
PATIENCE, PATIENCE_WITHOUT = 150, 45
# How long it was in the room before.
STAY = 10
# Seeds are called after three seconds; whom it calls before that it remembered.
MEMORY = 2.5
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
    """A seed, and an open room of those who began with it."""

    def __init__(self, room):
        super().__init__([])
        self.room = room
        try:
            self.nodes.append(lab.Node(SEED, self.folder, "--page", "off"))
            self.nodes[0].wait_until_up()
            self.seed = probes.own_address(self.nodes[0])
            for number in room:
                node = lab.Node(number, self.folder, "--page", "off", "--peer", self.seed)
                self.nodes.append(node)
                node.wait_until_up()
                lab.wait_until(lambda: node.status()["peers"], 20, "a link with the seed")
            self.nodes[1].ask(request="room.create", title=TITLE, access="open", name="host")
            for node in self.nodes[2:]:
                enter(node, time.monotonic(), 60)
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
        if enter(node, time.monotonic(), 60)[0] is None:
            raise lab.Failed("the newcomer did not come in while all was well")
        time.sleep(STAY)
        links = len(node.status()["peers"])
    finally:
        end(node)
    return folder, links


def none_left(world, folder):
    """S3, second half: it starts again, all seeds are gone. And how many of those who are still
    there it called from memory."""
    tape = capture.Capture(NEWCOMER)
    began = time.monotonic()
    node = start(world, folder)
    try:
        node.wait_until_up()
        seconds, linked = enter(node, began, PATIENCE_WITHOUT)
    finally:
        end(node)
    living = {lab.address(number) for number in world.room}
    sent = [datagram for datagram in tape.stop() if datagram.outgoing]
    limit = began + min(MEMORY, seconds or MEMORY)
    called = {datagram.target[0] for datagram in sent if datagram.time < limit} & living
    return seconds, linked, len(called)


def without_seeds(world, tries):
    stays = [acquainted(world, number) for number in range(tries)]
    censor(SEED)
    gone = []
    try:
        for folder, links in stays:
            gone.append((*none_left(world, folder), links))
            lab.say(f"none left: in after {lab.decimals(gone[-1][0])} s, "
                    f"called {gone[-1][2]}, had {links} links")
    finally:
        subprocess.run(
            lab.inside(SEED, "nft", "delete", "table", "inet", "gone"), check=True)
    return gone


def measure(tries):
    furnish()
    left = []
    with World(ROOM) as world:
        for number in range(tries):
            left.append(one_left(world, number))
            lab.say(f"one seed left: in after {lab.decimals(left[-1][0])} s")
        gone = without_seeds(world, tries)
    with World(ROOM[:1]) as world:
        alone = without_seeds(world, tries)
    return {
        "one of ten left (S2)": left,
        f"none left, restarted; {len(ROOM)} in the room (S3)": gone,
        "none left, restarted; one in the room": alone,
    }


def row(name, tries):
    inside = [each[0] for each in tries if each[0] is not None]
    links = [each[1] for each in tries if each[1] is not None]
    met = len(inside) == len(tries) and max(inside) <= WANTED
    return [name, len(tries), sum(seconds <= WANTED for seconds in inside),
            lab.decimals(statistics.median(links)) if links else "-",
            lab.decimals(statistics.median(inside)) if inside else "-",
            lab.decimals(max(inside, default=None)),
            len(tries) - len(inside), "met" if met else "**missed**"]


def text(results, command, seconds):
    each = [f"{name}: " + ", ".join(lab.decimals(one[0]) for one in tries)
            for name, tries in results.items()]
    memory = [f"{name}: " + "; ".join(
        f"{links}, {called}, {lab.decimals(seconds)}" for seconds, _, called, links in tries)
        for name, tries in list(results.items())[1:]]
    return "\n\n".join([
        "# With seeds gone",
        "A seed list names ten nodes in ten networks. Nine addresses drop everything; at the tenth"
        f" is a node with which {len(ROOM)} others began, who are in an open room. A newcomer with"
        " a new identity and nothing but that list starts, and asks for the room by its title as"
        " soon as it is told of it (S2). Then the tenth drops everything too, and nodes that were"
        f" in the room for {STAY} s before, stopped and have what a node keeps, start again with"
        " the same list (S3). Timed is from the start of the process, with the work that an open"
        " room asks of strangers. No delay on the way.",
        lab.provenance(command) + f"\n- it took {seconds / 60:.0f} minutes",
        f"Wanted: in within {WANTED} s.",
        lab.table(["seeds", "tries", f"in within {WANTED} s", "first link, median s",
                   "in, median s", "worst s", "not in at all", "met"],
                  [row(name, tries) for name, tries in results.items()]),
        f"Waited was {PATIENCE} s with one left and {PATIENCE_WITHOUT} s with none. Each try, in"
        " seconds. " + "; ".join(each) + ".",
        "Four of a list are called at a time, in an order by chance, 3 s after the start and then"
        " at the pace of docs/protocol/3-membership.md, none again before all were.",
        "Of each restart: links it had when it stopped, how many of those in the room it called"
        f" within {MEMORY} s, before any seed, and after how many seconds it was in. "
        + ". ".join(memory) + ". Kept are those whom a node called itself and"
        " reached, and four who called it.",
    ])


def main():
    parser = argparse.ArgumentParser(prog="seeds", description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=10, help="of each")
    parser.add_argument("--result", help="file for the result; standard output without")
    given = parser.parse_args()
    began = time.monotonic()
    results = measure(given.tries)
    command = "scripts/measure/seeds " + shlex.join(sys.argv[1:])
    lab.save(text(results, command.strip(), time.monotonic() - began), given.result)
    return 0


if __name__ == "__main__":
    lab.run(main)
