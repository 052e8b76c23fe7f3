#!/usr/bin/env bash
# A node asks a real router (miniupnpd, in NAT-PMP and then in UPnP alone) to forward its port, and
# one outside that it has never written to calls it. Needs root and miniupnpd; half a minute.
#
#   scripts/lab/forward.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lab/namespaces.sh
source scripts/lab/namespaces.sh
lab_require || exit 77
lab_require_starling
if ! command -v miniupnpd >/dev/null; then
  echo "forward: needs miniupnpd (apt install miniupnpd-nftables)" >&2
  exit 77
fi

# A router with one cable inside and one outside. The daemon forwards nothing to addresses that are
# reserved, so these are not; no packet leaves the namespaces.
make_router() {
  lab_add_namespace "${LAB}router"
  lab_add_namespace "$(lab_name 1)"
  lab_add_namespace "$(lab_name 2)"
  cable wan 25.0.0.1 "$(lab_name 1)" 25.0.0.2
  cable lan 192.168.7.1 "$(lab_name 2)" 192.168.7.2
  ip -n "$(lab_name 2)" route add default via 192.168.7.1
  ip netns exec "${LAB}router" sysctl -qw net.ipv4.ip_forward=1
  ip netns exec "${LAB}router" nft -f - <<RULES
table inet filter {
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain postrouting {
    type nat hook postrouting priority 100;
    jump postrouting_miniupnpd
    oifname "wan" masquerade
  }
  chain through {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "lan" accept
    jump miniupnpd
  }
  chain here { type filter hook input priority 0; policy drop; iifname "lan" accept; }
  chain miniupnpd {}
  chain prerouting_miniupnpd {}
  chain postrouting_miniupnpd {}
}
RULES
}

# cable DEVICE ADDRESS NAMESPACE ADDRESS: from the router to somebody.
cable() {
  ip link add "$1" netns "${LAB}router" type veth peer name eth0 netns "$3"
  ip -n "${LAB}router" address add "$2/24" dev "$1"
  ip -n "${LAB}router" link set "$1" up
  ip -n "$3" address add "$4/24" dev eth0
  ip -n "$3" link set eth0 up
  lab_silence "$3"
}

LAB=forward$$
trap 'lab_close; rm -rf "${FOLDER:-}"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
FOLDER=$(mktemp -d)
make_router
export LAB
timeout 120 python3 scripts/lab/forward.py "$FOLDER" || {
  echo "forward: FAILED" >&2
  exit 1
}
echo "forward: passed"
