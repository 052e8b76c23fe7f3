#!/usr/bin/env bash
# Rooms of real nodes in network namespaces: loss, a relay's death, roaming, IPv6 alone, the stage
# by the commands people type, and what is said when nothing works. Needs root; about two minutes.
# The long measurements are in scripts/measure.
# Figures that other work on the machine moves are told; AIMS=judge makes them decide.
#
#   scripts/lab/rooms.sh            all of it
#   scripts/lab/rooms.sh roaming    one part: lossy, roaming, ipv6, stage or messages
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lab/namespaces.sh
source scripts/lab/namespaces.sh
lab_require || exit 77
lab_require_starling

FAILED=0

# part NAME NODES [DELAY LOSS]: in a laboratory of its own.
part() {
  local name=$1 nodes=$2 delay=${3:-0} loss=${4:-0} node
  echo "-- $name"
  make_bridge_lab "$nodes"
  for node in $(seq "$nodes"); do
    if [ "$delay" != 0 ]; then lab_delay "$node" "$delay"; fi
    lab_loss "$node" "$loss"
  done
  export LAB
  python3 scripts/lab/rooms.py "$name" || FAILED=1
  lab_close
}

case ${1:-all} in
  all)
    part lossy 6 20 20
    part roaming 3
    part ipv6 2
    part stage 7
    part messages 2
    ;;
  stage) part stage 7 ;;
  lossy) part lossy 6 20 20 ;;
  roaming) part roaming 3 ;;
  ipv6 | messages) part "$1" 2 ;;
  *)
    echo "rooms: there is no part $1" >&2
    exit 2
    ;;
esac

if [ "$FAILED" -ne 0 ]; then
  echo "rooms: FAILED" >&2
  exit 1
fi
echo "rooms: passed"
