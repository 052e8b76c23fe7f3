#!/usr/bin/env bash
# Rooms of real nodes in network namespaces where all datagrams are dropped, and on a cable without
# a network behind it. Needs root; two minutes.
# Figures that other work on the machine moves are told; AIMS=judge makes them decide.
#
#   scripts/lab/reach.sh        all of it
#   scripts/lab/reach.sh cut    one part: cut, blocked, transport, island or quiet
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lab/namespaces.sh
source scripts/lab/namespaces.sh
lab_require || exit 77
lab_require_starling

FAILED=0
for part in ${1:-cut blocked transport island quiet}; do
  echo "-- $part"
  make_bridge_lab 3
  for node in 1 2 3; do lab_delay "$node" 20; done
  export LAB
  python3 scripts/lab/reach.py "$part" || FAILED=1
  lab_close
done
if [ "$FAILED" -ne 0 ]; then
  echo "reach: FAILED" >&2
  exit 1
fi
echo "reach: passed"
