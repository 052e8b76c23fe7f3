# SPDX-License-Identifier: Apache-2.0
"""Strangers in number at the doors of a node, and friends who come in the middle (A4); how long the
door takes to say no (A7). Run by scripts/measure/strangers, which makes the namespaces.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lab"))
import laboratory as lab  # noqa: E402
import listeners  # noqa: E402
import reach  # noqa: E402
import reactions  # noqa: E402
import siege  # noqa: E402
from siege import BY_TUNNEL, HOST, NARROW, STRANGERS, WIDE  # noqa: E402


class Host(lab.Flock):
    """One node in a room of its own, with a door."""

    def __init__(self):
        super().__init__([])
        try:
            paths = reach.certificate(self.folder)
            self.node = lab.Node(
                HOST, self.folder, "--tunnel", f"{lab.address(HOST)}:443", "--tunnel-certificate",
                paths[0], "--tunnel-key", paths[1], "--page", "off")
            self.nodes.append(self.node)
            self.node.wait_until_up()
            self.node.ask(request="room.create", title="Laboratory", name="host")
            self.link = self.node.ask(request="invite")["link"]
        except BaseException:
            self.stop()
            raise

    def secret_path(self):
        with open(self.node.folder + "/tunnel-path") as file:
            return "/" + file.read().strip().lstrip("/")


def furnish():
    """Addresses for the strangers, and the way back to them."""
    lines = "".join(f"address add {place}/32 dev lo\n" for place in WIDE + NARROW)
    subprocess.run(["ip", "-n", lab.namespace(STRANGERS), "-batch", "-"], input=lines, text=True,
                   check=True)
    for network in ("10.78.0.0/16", "10.79.0.0/16"):
        subprocess.run(["ip", "-n", lab.namespace(HOST), "route", "add", network, "via",
                        lab.address(STRANGERS)], check=True)
    reach.censor(BY_TUNNEL)


def refusals(count):
    """A7, at a node that nobody else knocks at, and at nginx."""
    with Host() as host:
        place, path = (lab.address(HOST), 443), host.secret_path()
        times, answers = reactions.collect(STRANGERS, place, path, count)
        later = {"tunnel": reactions.afterwards(STRANGERS, place, path)}
        folder = host.folder + "/nginx"
        os.makedirs(folder)
        os.chmod(host.folder, 0o755)
        pems = [f"{host.folder}/{name}.pem" for name in ("certificate", "key")]
        server = listeners.nginx(folder, pems)
        try:
            time.sleep(1)
            place = (lab.address(HOST), listeners.SITE)
            later["nginx"] = reactions.afterwards(STRANGERS, place, path)
        finally:
            lab.end(server)
    return times, answers, later


def arguments():
    parser = argparse.ArgumentParser(prog="strangers", description=__doc__.splitlines()[0])
    parser.add_argument("--idle", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=100, help="a second, of each kind")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--links", type=float, default=60, help="seconds of whole handshakes, or 0")
    parser.add_argument("--rest", type=float, default=60, help="seconds of rest at the end")
    parser.add_argument("--requests", type=int, default=10_000, help="of each kind (A7)")
    parser.add_argument("--result", help="file for the result; standard output without")
    return parser.parse_args()


def main():
    given = arguments()
    furnish()
    began, load = time.monotonic(), os.getloadavg()[0]
    times, answers, later = refusals(given.requests)
    with Host() as host:
        phases = siege.Siege(given, host)
        phases.run()
    seconds = time.monotonic() - began
    command = "scripts/measure/strangers " + shlex.join(sys.argv[1:])
    lab.save("\n\n".join([
        "# Strangers in number",
        "What a node with a door of its own costs and does when many come who are not let in.",
        lab.provenance(command.strip()) + f"\n- it took {seconds / 60:.0f} minutes; load of the"
        f" machine {load:.1f} at the beginning, {os.getloadavg()[0]:.1f} at the end",
        siege.section(phases), reactions.section(times, answers, later)]), given.result)
    return 0


if __name__ == "__main__":
    lab.run(main)
