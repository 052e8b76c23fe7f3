# SPDX-License-Identifier: Apache-2.0
"""A room behind routers: run by nat.sh, which makes the namespaces.

Node 1 can be called. Nodes 2, 3 and 4 are behind routers that show one port to all, node 5 behind
one that shows each peer another. They meet through node 1; then node 1 dies, and those whom it
brought together go on without it.
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import laboratory as lab  # noqa: E402
import rooms  # noqa: E402

CONE, SYMMETRIC = (2, 3, 4), 5


def public(number):
    return f"203.0.113.{number}"


def hosts(node):
    """Where a node has its links."""
    return {peer["endpoint"].rsplit(":", 1)[0] for peer in node.status()["peers"]}


def fed_after(node, since):
    """Seconds from joining to a parent in both trees."""
    while time.monotonic() - since < 10:
        room = node.room()
        if room and all(tree.get("parent") for tree in room["trees"]):
            return time.monotonic() - since
        time.sleep(0.02)
    return float("inf")


def gather(flock):
    first = flock.nodes[0]
    first.ask(request="room.create", title="Laboratory", name=first.name)
    link = first.ask(request="invite")["link"]
    waits = []
    for node in flock.nodes[1:]:
        began = time.monotonic()
        node.ask(request="join", link=link, name=node.name)
        waits.append(fed_after(node, began))
    rooms.check("every node is fed by two parents", max(waits) < float("inf"))
    rooms.aim("every node is fed by two parents within 3 s", max(waits) <= 3,
              ", ".join(f"{wait:.2f} s" for wait in waits))


def are_linked(flock):
    by_number = {node.number: node for node in flock.nodes}
    return all(
        public(other) in hosts(by_number[one]) for one in CONE for other in CONE if one != other)


def meet(flock):
    """Everybody whom routers do not keep apart is linked with everybody."""
    began = time.monotonic()
    lab.wait_until(lambda: are_linked(flock), 20, "links between those behind routers")
    print(f"ok: those behind ordinary routers are linked: {time.monotonic() - began:.1f} s",
          flush=True)
    found = {node.number: node.status()["reach"]["ipv4"] for node in flock.nodes}
    rooms.check("ordinary routers are known as such",
                all(found[number] in ("independent", "unknown") for number in CONE), found)
    rooms.check("the other router is known for what it is",
                found[SYMMETRIC] in ("dependent", "unknown"), found)


def share(talk, node):
    heard = sum(counter in talk.heard[node.number] for counter in talk.sent)
    return f"{heard} of {len(talk.sent)}"


def main():
    with lab.Flock((1, 2, 3, 4, 5)) as flock:
        gather(flock)
        meet(flock)
        lab.wait_until(flock.is_settled, 20, "everybody in both trees")
        # The speaker is behind a router.
        open_node = flock.nodes.pop(0)
        flock.nodes.append(open_node)
        talk = rooms.Talk(flock, 6)
        for node in flock.nodes[1:]:
            missing = talk.missing(node)
            rooms.check(f"node {node.number} hears node 2", missing <= len(talk.sent) * 0.01,
                        share(talk, node))
        open_node.kill()
        flock.nodes.remove(open_node)
        lonely = flock.nodes[-1]
        rooms.check("the last is the one behind the other router", lonely.number == SYMMETRIC)
        talk = rooms.Talk(flock, 8)
        last = {counter for counter in talk.sent if counter > max(talk.sent) - 200}
        for node in flock.nodes[1:-1]:
            missing = len(last - talk.heard[node.number].keys())
            rooms.check(f"node {node.number} hears node 2 when nobody can be called any more",
                        missing == 0, f"{missing} of {len(last)} missing")
        # Nothing brings it together with the others: said, not hidden.
        print(f"the one behind the other router then hears {share(talk, lonely)}", flush=True)
    return 1 if rooms.FAILURES else 0


if __name__ == "__main__":
    lab.run(main)
