# SPDX-License-Identifier: Apache-2.0
"""Published blocking rules as nftables text, for the router that `blocking-lab` makes.

Each rule has a name, what it does in words, when it begins (before the nodes start or in the
middle of speech) and what it costs. Sources are named in docs/results/blocking.md.
"""

import subprocess

import laboratory as lab

FIRST, SECOND, THIRD = (lab.address(number) for number in (1, 2, 3))

RESIDUE = ("set residue { type ipv4_addr . ipv4_addr . inet_service; flags dynamic,timeout;"
           " timeout 180s; }")
NO_UDP = "meta l4proto udp drop"


def chain(*rules, sets="", name="censor"):
    """Rules on all that is forwarded, of both families."""
    text = "\n".join(rules)
    return (f"table inet {name} {{\n{sets}\nchain forward {{\n"
            f"type filter hook forward priority 0; policy accept;\n{text}\n}}\n}}\n")


class Rule:
    def __init__(self, name, words, moment, nft="", act=None, speech=()):
        self.name = name
        # Options of `starling speak`.
        self.speech = speech
        self.words = words
        # "start": before the nodes; "middle": while somebody speaks.
        self.moment = moment
        self.nft = nft
        self.act = act

    def begin(self):
        if self.nft:
            load(self.nft)
        if self.act:
            self.act()


def wall():
    return lab.LAB + "wall"


def run(*command, **options):
    subprocess.run(["ip", "netns", "exec", wall(), *command], check=True, **options)


def load(text):
    run("nft", "-f", "-", input=text, text=True)


def throttle(rate):
    """A bottleneck with a tenth of a second of queue, both ways."""
    def act():
        for device in ("inner", "outer"):
            run("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", f"{rate}kbit",
                "burst", "3000", "latency", "200ms")
    return act


def hand_filled():
    """Somebody else made the firewall believe that this pair speaks QUIC: 180 s without."""
    load(chain("ip saddr . ip daddr . udp dport @residue drop", sets=RESIDUE))
    run("nft", "add", "element", "inet", "censor", "residue",
        f"{{ {THIRD} . {FIRST} . {lab.PORT} }}")


def only_ipv6():
    """IPv4 is taken away and IPv6 given in its place; without the delay of the other rules."""
    def ip(name, *command):
        subprocess.run(["ip", "-n", name, *command], check=True)

    for number in (1, 2, 3):
        name = lab.namespace(number)
        ip(name, "-4", "address", "flush", "dev", "eth0")
        place = "fd77:3::3" if number == 3 else f"fd77::{number}"
        ip(name, "address", "add", place + "/64", "dev", "eth0", "nodad")
    ip(wall(), "address", "add", "fd77::c801/64", "dev", "outer", "nodad")
    ip(wall(), "address", "add", "fd77:3::1/64", "dev", "inner", "nodad")
    ip(lab.namespace(3), "route", "add", "default", "via", "fd77:3::1")
    for number in (1, 2):
        ip(lab.namespace(number), "route", "add", "fd77:3::/64", "via", "fd77::c801")


FREEZE = "ct direction reply ct reply packets gt 25 drop"
RULES = [
    Rule("none", "nothing", "start"),
    Rule("udp-cut", "all datagrams dropped in the middle of speech", "middle", chain(NO_UDP)),
    Rule("udp-never", "all datagrams dropped from the start", "start", chain(NO_UDP)),
    Rule("R1-one", "l4-25: every flow with one of two peers freezes after 25 packets", "middle",
         chain(f"ip saddr {FIRST} {FREEZE}", f"ip daddr {FIRST} {FREEZE}")),
    Rule("R1-all", "l4-25: every flow freezes after 25 packets", "middle", chain(FREEZE)),
    Rule("R2", "TCP from the outside freezes after 16 KB, from the start", "start",
         chain("meta l4proto tcp ct direction reply ct reply bytes gt 16384 drop")),
    Rule("R3", "WireGuard's first message", "start",
         chain("udp length 156 @th,64,32 0x01000000 drop")),
    Rule("R4", "QUIC v1 of 1,001 bytes or more to 443, then the address for 180 s", "start",
         chain("ip saddr . ip daddr . udp dport @residue drop",
               "udp dport 443 udp length ge 1009 @th,72,32 0x00000001"
               " add @residue { ip saddr . ip daddr . udp dport } drop", sets=RESIDUE)),
    Rule("R5", "all datagrams and all TCP but to 53, 80 and 443", "start",
         chain(NO_UDP, "ct direction original tcp dport != { 53, 80, 443 } drop")),
    Rule("R6", "12 new connections a minute to an address and port 443", "start",
         chain("ct state new tcp dport 443 update @many"
               " { ip saddr . ip daddr limit rate over 12/minute burst 12 packets } drop",
               sets="set many { type ipv4_addr . ipv4_addr; flags dynamic; size 65535; }")),
    Rule("R7", "every fourth new connection to 443 (26.3 %), then its address for 180 s", "start",
         chain("ip saddr . ip daddr . tcp dport @residue drop",
               "tcp dport 443 ct state new numgen random mod 1000 lt 263"
               " add @residue { ip saddr . ip daddr . tcp dport } drop", sets=RESIDUE)),
    Rule("dns", "ports 53 and 853 dropped", "start",
         chain("udp dport 53 drop", "tcp dport { 53, 853 } drop")),
    Rule("rst", "a forged reset to both ends of every TCP connection, once in 5 s", "middle",
         chain("meta l4proto tcp tcp flags & (syn | rst) == 0 limit rate 12/minute burst 1 packets"
               " reject with tcp reset")),
    Rule("address", "the address of one of two peers", "middle",
         chain(f"ip saddr {FIRST} drop", f"ip daddr {FIRST} drop")),
    Rule("cut-180", "one pair of addresses, datagrams to one port, for 180 s", "middle",
         act=hand_filled),
    Rule("64k", "64 kbit/s each way", "middle", act=throttle(64)),
    Rule("48k", "48 kbit/s each way", "middle", act=throttle(48)),
    Rule("32k", "32 kbit/s each way", "middle", act=throttle(32)),
    *[Rule(f"{rate}k-slow", f"{rate} kbit/s, and speech in frames of 60 ms at 8 kbit/s", "middle",
           act=throttle(rate), speech=("--frame", "60", "--bitrate", "8000"))
      for rate in (64, 48, 32)],
    Rule("ipv6", "no IPv4 at all", "start", act=only_ipv6),
]
