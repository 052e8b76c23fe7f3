#!/usr/bin/env bash
# Proves that the laboratory does what the tests built on it rely on. Needs root; about 20 seconds.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lab/namespaces.sh
source scripts/lab/namespaces.sh
lab_require || exit 77

WORK=$(mktemp -d)
FAILED=0

check() {
  local what=$1
  shift
  if "$@"; then
    echo "ok: $what"
  else
    echo "FAILED: $what" >&2
    FAILED=1
  fi
}

not() { ! "$@"; }

reaches() { lab_run "$1" ping -q -c 1 -W 1 "$2" >/dev/null 2>&1; }

# Mean round trip from node $1 to node $2 in whole milliseconds. -U: otherwise ping takes the time
# at which the kernel saw the answer, which is before it was held back.
round_trip() {
  lab_run "$1" ping -q -U -c 20 -i 0.05 "$(lab_address "$2")" | awk -F/ '/^rtt/ {printf "%d\n", $5}'
}

# Share of pings from node $1 to node $2 that came back, in per cent of $3 sent.
loss_per_cent() {
  lab_run "$1" ping -q -c "$3" -i 0.01 -W 1 "$(lab_address "$2")" |
    grep -oE '[0-9.]+% packet loss' | cut -d. -f1 | cut -d% -f1
}

between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }

# A datagram to a closed port: the sender learns nothing.
closed_port_is_silent() {
  lab_run 1 python3 - "$(lab_address 2)" <<'PYTHON'
import socket, sys
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
probe.connect((sys.argv[1], 9))
probe.settimeout(0.3)
try:
    for _ in range(3):
        probe.send(b"anybody?")
        try:
            probe.recv(100)
        except socket.timeout:
            pass
except ConnectionRefusedError:
    sys.exit("the kernel gave the closed port away")
PYTHON
}

# What the machine itself shows to the network, which a laboratory must not change.
own_network() {
  ip -o link | cut -d: -f2
  ip route show table all
  nft list ruleset
}

# Starts a laboratory in a shell of its own, tells its name in $1, and waits there.
open_elsewhere() {
  bash -c 'source scripts/lab/namespaces.sh
    make_bridge_lab 2 && lab_start 1 /dev/null sleep 600 && echo "$LAB $LAB_PID" >"$1"
    wait "$LAB_PID"' _ "$1" &
}

alive() { kill -0 "$1" 2>/dev/null; }

own_network >"$WORK/before"
sleep 600 &
BYSTANDER=$!

make_bridge_lab 4
check "nodes reach each other" reaches 1 "$(lab_address 4)"
check "no node reaches beyond the bridge" not reaches 1 192.0.2.1
check "no node has a default route" not grep -q default <(lab_run 1 ip route)
check "the machine has no address in $LAB_NETWORK" not grep -q "$LAB_NETWORK" <(ip address)
own_network >"$WORK/during"
check "the machine's own network is as before" cmp -s "$WORK/before" "$WORK/during"
check "a closed port is silent" closed_port_is_silent

check "without delay the round trip is below 5 ms" between "$(round_trip 1 2)" 0 4
lab_delay 1 20
lab_delay 2 20
delayed=$(round_trip 1 2)
check "20 ms each way make about 40 ms: $delayed" between "$delayed" 40 50
check "other nodes are not delayed" between "$(round_trip 3 4)" 0 4
lab_delay 4 10 0 0.3 3
check "bursty loss of 30 % is between 15 % and 45 %" between "$(loss_per_cent 3 4 400)" 15 45
lab_loss 3 200
check "loss of 200 per 1,000 is between 10 % and 30 %" between "$(loss_per_cent 1 3 400)" 10 30
lab_loss 3 0
lost=$(loss_per_cent 3 1 50)
check "loss goes away again: $lost %" between "$lost" 0 0

open_elsewhere "$WORK/second"
SECOND=$!
lab_wait_for . "$WORK/second"
read -r SECOND_LAB SECOND_PID <"$WORK/second"
check "a second laboratory stands beside the first" grep -q "$SECOND_LAB" <(ip netns list)
kill -TERM "$SECOND"
wait "$SECOND" 2>/dev/null || true
check "ended by a signal, it removes its namespaces" not grep -q "$SECOND_LAB" <(ip netns list)
check "and its processes" not alive "$SECOND_PID"
check "and leaves the first alone" reaches 3 "$(lab_address 1)"

lab_start 1 /dev/null sleep 600
STOPPED=$LAB_PID
kill -STOP "$STOPPED"
FIRST_LAB=$LAB
lab_close
check "closing removes the namespaces" not grep -q "$FIRST_LAB" <(ip netns list)
check "and ends even a stopped process" not alive "$STOPPED"
check "and no process that is not its own" alive "$BYSTANDER"
own_network >"$WORK/after"
check "the machine's own network is as before" cmp -s "$WORK/before" "$WORK/after"

kill "$BYSTANDER" # ours as well
rm -rf "$WORK"
if [ "$FAILED" -ne 0 ]; then
  echo "lab self-test: FAILED" >&2
  exit 1
fi
echo "lab self-test: passed"
