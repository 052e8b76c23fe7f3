# SPDX-License-Identifier: Apache-2.0
"""A router that forwards a port when it is asked: run by forward.sh, which makes the namespaces.

Node 2 is behind the router, node 1 outside. Nobody outside has ever heard from node 2 when node 1
calls it: without the router's help nothing would get through, which is tried first.
"""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import laboratory as lab  # noqa: E402
import rooms  # noqa: E402

ROUTER = lab.LAB + "router"
OUTSIDE = f"25.0.0.1:{lab.PORT}"


def daemon(folder, natpmp, upnp):
    """The router's own program, as on many small boxes."""
    path = folder + "/miniupnpd.conf"
    with open(path, "w") as file:
        file.write(f"""ext_ifname=wan
listening_ip=lan
enable_natpmp={natpmp}
enable_upnp={upnp}
secure_mode=yes
upnp_table_name=filter
upnp_nat_table_name=filter
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
lease_file={folder}/leases
uuid=00000000-0000-0000-0000-000000000007
""")
    with open(folder + "/miniupnpd.log", "ab") as log:
        return subprocess.Popen(
            ["ip", "netns", "exec", ROUTER, "miniupnpd", "-d", "-f", path, "-P",
             folder + "/miniupnpd.pid"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def forwarded():
    """What the router forwards now, as its rules say it."""
    rules = subprocess.run(
        ["ip", "netns", "exec", ROUTER, "nft", "list", "chain", "inet", "filter",
         "prerouting_miniupnpd"], capture_output=True, text=True, check=True).stdout
    return "192.168.7.2" in rules


def finding(node):
    reply = node.ask(request="doctor")
    return next(each for each in reply["findings"] if each["about"] == "router")


def address(node):
    """The peer address with the router's place in it; None while there is none."""
    reply = node.ask(request="id")
    return next((each for each in reply["addresses"] if OUTSIDE in each), None)


def calls(stranger, text):
    try:
        stranger.ask(request="connect", address=text)
        return True
    except lab.Failed:
        return False


def kill_asker(node):
    """The process that asks the router, a child of the node's."""
    for task in os.listdir(f"/proc/{node.pid}/task"):
        with open(f"/proc/{node.pid}/task/{task}/children") as file:
            for child in file.read().split():
                os.kill(int(child), signal.SIGKILL)


def alone(folder):
    """Nothing at the router answers."""
    shy = lab.Node(2, folder, "--forward", "--page", "off")
    stranger = lab.Node(1, folder, "--page", "off")
    try:
        shy.wait_until_up()
        stranger.wait_until_up()
        lab.wait_until(lambda: "No router answers" in finding(shy).get("advice", ""), 20,
                       "word that no router answers")
        inner = shy.ask(request="id")["addresses"][0]
        text = inner.replace(f"192.168.7.2:{lab.PORT}", OUTSIDE)
        rooms.check("without a forwarded port nobody outside gets through",
                    not calls(stranger, text))
        kill_asker(shy)
        lab.wait_until(lambda: "has ended" in finding(shy).get("advice", ""), 20,
                       "word that nobody asks any more")
    finally:
        stranger.stop()
        shy.stop()


def asked(folder, name, natpmp, upnp):
    router = daemon(folder, natpmp, upnp)
    host = lab.Node(2, folder, "--forward", "--page", "off")
    stranger = lab.Node(1, folder, "--page", "off")
    try:
        host.wait_until_up()
        stranger.wait_until_up()
        lab.wait_until(lambda: address(host) is not None, 30, f"{name}: the router's address")
        rooms.check(f"{name}: the doctor says so", finding(host)["state"] == "good", finding(host))
        rooms.check(f"{name}: the router has the rule", forwarded())
        rooms.check(f"{name}: one outside gets through", calls(stranger, address(host)))
        host.stop()
        rooms.check(f"{name}: the port is taken back", not forwarded())
    finally:
        stranger.stop()
        host.stop()
        lab.end(router)


def main():
    folder = sys.argv[1]
    for name in ("alone", "pmp", "upnp"):
        os.mkdir(f"{folder}/{name}")
    alone(folder + "/alone")
    asked(folder + "/pmp", "NAT-PMP", "yes", "no")
    asked(folder + "/upnp", "UPnP", "no", "yes")
    return 1 if rooms.FAILURES else 0


if __name__ == "__main__":
    lab.run(main)
