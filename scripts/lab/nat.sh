#!/usr/bin/env bash
# A room of real nodes behind real routers: one that all can call, three behind routers that keep
# the port, one behind a router that gives every destination another one. Needs root; a minute.
# Figures that other work on the machine moves are told; AIMS=judge makes them decide.
#
#   scripts/lab/nat.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lab/namespaces.sh
source scripts/lab/namespaces.sh
lab_require || exit 77
lab_require_starling

# attach NAMESPACE DEVICE ADDRESS: onto the public bridge.
attach() {
  ip link add "$2" netns "$1" type veth peer name "to$1" netns "${LAB}hub"
  ip -n "${LAB}hub" link set "to$1" master bridge0 up
  ip -n "$1" address add "$3/24" dev "$2"
  ip -n "$1" link set "$2" up
}

# shelter NODE [fully-random]: behind a router of its own, which drops what nobody asked for.
shelter() {
  local node=$1 router=${LAB}r$1 name
  name=$(lab_name "$1")
  lab_add_namespace "$router"
  lab_add_namespace "$name"
  attach "$router" wan "203.0.113.$node"
  ip link add lan netns "$router" type veth peer name eth0 netns "$name"
  ip -n "$router" address add "192.168.$node.1/24" dev lan
  ip -n "$router" link set lan up
  ip -n "$name" address add "192.168.$node.2/24" dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" route add default via "192.168.$node.1"
  ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
  ip netns exec "$router" nft -f - <<RULES
table ip router {
  chain leaving { type nat hook postrouting priority 100; oifname "wan" masquerade ${2:-}; }
  chain through {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "lan" accept
  }
  chain here { type filter hook input priority 0; policy drop; }
}
RULES
  lab_silence "$name"
}

LAB=nat$$
trap lab_close EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
lab_add_namespace "${LAB}hub"
ip -n "${LAB}hub" link add bridge0 type bridge
ip -n "${LAB}hub" link set bridge0 up
lab_add_namespace "$(lab_name 1)"
attach "$(lab_name 1)" eth0 203.0.113.1
lab_silence "$(lab_name 1)"
for node in 2 3 4; do shelter "$node"; done
shelter 5 fully-random
export LAB
timeout 90 python3 scripts/lab/nat.py || {
  echo "nat: FAILED" >&2
  exit 1
}
echo "nat: passed"
