# shellcheck shell=bash
# A laboratory of network namespaces on one machine: N nodes on one bridge. Source it, as root.
#
#   source scripts/lab/namespaces.sh
#   lab_require || exit 77                 # says what is missing
#   make_bridge_lab 3                      # nodes 1, 2, 3 at 10.77.0.1, .2, .3; removed on exit
#   lab_delay 2 20 5                       # what reaches node 2 comes 20 +- 5 ms later
#   lab_loss 3 20                          # 20 of 1,000 packets to node 3 are lost
#   lab_start 1 log.txt starling up        # in the background; its id is then in LAB_PID
#   lab_run 2 ping -c 1 "$(lab_address 1)"
#   kill -KILL "$LAB_PID"                  # a silent death: no ICMP gives it away
#
# Addresses lie in 10.77.0.0/16 and exist inside the namespaces only: nodes have no route out, and
# the machine's own interfaces, routes and rules stay as they are. Several laboratories can run at
# once, since names begin with the process id. Only processes inside these namespaces are ended.

LAB_NETWORK=10.77
LAB_QUEUE=7
LAB_SCRIPTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_VENV=${LAB_VENV:-$LAB_SCRIPTS/../../.build/lab-venv}

LAB=""              # prefix of this laboratory's namespaces, empty when there is none
export LAB_NODES=0  # how many nodes it has
export LAB_PID=""   # what lab_start started last
LAB_PYTHON=""       # an interpreter that can import netfilterqueue
LAB_NAMESPACES=()
LAB_STARTED=()

# Fails, saying why, unless this machine can hold a laboratory.
lab_require() {
  local tool
  if [ "$(id -u)" -ne 0 ]; then
    echo "lab: needs root for network namespaces" >&2
    return 1
  fi
  for tool in ip nft iptables ping python3; do
    if ! command -v "$tool" >/dev/null; then
      echo "lab: needs $tool (apt install iproute2 nftables iptables iputils-ping python3)" >&2
      return 1
    fi
  done
  if ! ip netns add "labtry$$" 2>/dev/null; then
    echo "lab: this kernel or container allows no network namespaces" >&2
    return 1
  fi
  ip netns delete "labtry$$"
}

# Fails, saying how to build it, unless there is a node to try: STARLING, or the debug build's.
lab_require_starling() {
  export STARLING=${STARLING:-$PWD/.build/debug/starling}
  if [ ! -x "$STARLING" ]; then
    echo "No $STARLING: swift build --product starling" >&2
    return 1
  fi
}

# make_bridge_lab N [PREFIX]: N namespaces joined by a bridge in one more namespace.
make_bridge_lab() {
  local count=$1 node
  if [ -n "$LAB" ]; then
    echo "lab: there is one already: $LAB" >&2
    return 1
  fi
  if [ "$count" -lt 1 ] || [ "$count" -gt 65000 ]; then
    echo "lab: $count nodes do not fit" >&2
    return 1
  fi
  LAB=${2:-sl}$$
  LAB_NODES=$count
  trap lab_close EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM

  lab_add_namespace "${LAB}hub" || return 1
  ip -n "${LAB}hub" link add bridge0 type bridge
  ip -n "${LAB}hub" link set bridge0 up
  for node in $(seq "$count"); do
    lab_add_node "$node" || return 1
  done
}

lab_add_namespace() {
  ip netns add "$1" || return 1
  LAB_NAMESPACES+=("$1")
  ip -n "$1" link set lo up
}

lab_add_node() {
  local name port=port$1
  name=$(lab_name "$1")
  lab_add_namespace "$name" || return 1
  ip link add eth0 netns "$name" type veth peer name "$port" netns "${LAB}hub"
  ip -n "${LAB}hub" link set "$port" master bridge0 up
  ip -n "$name" address add "$(lab_address "$1")/16" dev eth0
  ip -n "$name" link set eth0 up
  lab_silence "$name"
}

# lab_acquaint: every node is told all others' hardware addresses. Needed from 33 nodes on: a kernel
# keeps 1,024 learned ones for all namespaces together, but as many told ones as one likes.
lab_acquaint() {
  local node name all=()
  for node in $(seq "$LAB_NODES"); do
    all+=("$(ip -n "$(lab_name "$node")" -br link show eth0 2>/dev/null | awk '{ print $3 }')")
  done
  for name in $(seq "$LAB_NODES"); do
    for node in $(seq "$LAB_NODES"); do
      if [ "$node" = "$name" ]; then continue; fi
      echo "neigh replace $(lab_address "$node") lladdr ${all[node - 1]} dev eth0 nud permanent"
    done | ip -n "$(lab_name "$name")" -batch -
  done
}

# A dead process must not be given away by its kernel: neither side sees port-unreachable.
lab_silence() {
  ip netns exec "$1" nft -f - <<'RULES'
table inet silence {
  chain incoming {
    type filter hook input priority 0; policy accept;
    icmp type destination-unreachable icmp code port-unreachable drop
    icmpv6 type destination-unreachable icmpv6 code port-unreachable drop
  }
  chain outgoing {
    type filter hook output priority 0; policy accept;
    icmp type destination-unreachable icmp code port-unreachable drop
    icmpv6 type destination-unreachable icmpv6 code port-unreachable drop
  }
}
RULES
}

lab_name() { echo "${LAB}n$1"; }

lab_address() { echo "$LAB_NETWORK.$(($1 / 250)).$(($1 % 250))"; }

# lab_run NODE COMMAND...: in the foreground.
lab_run() {
  local node=$1
  shift
  ip netns exec "$(lab_name "$node")" "$@"
}

# lab_start NODE LOG COMMAND...: in the background, output to LOG, its id in LAB_PID.
lab_start() {
  local node=$1 log=$2
  shift 2
  # ip execs the command, so the id is the command's own once it is inside.
  ip netns exec "$(lab_name "$node")" "$@" >"$log" 2>&1 </dev/null &
  LAB_PID=$!
  LAB_STARTED+=("$LAB_PID")
  lab_wait_inside "$node" "$LAB_PID"
}

# A signal sent too early would meet this shell's own child instead of the command.
lab_wait_inside() {
  local home
  home=$(stat -Lc %i "/run/netns/$(lab_name "$1")")
  for _ in $(seq 200); do
    if [ "$(stat -Lc %i "/proc/$2/ns/net" 2>/dev/null || echo "$home")" = "$home" ]; then return; fi
    sleep 0.01
  done
}

# lab_delay NODE MS [JITTER_MS [LOSS_SHARE [BURST [SEED]]]]: on everything that reaches NODE.
lab_delay() {
  lab_hold "$1" --delay "$2" --jitter "${3:-0}" --loss "${4:-0}" --burst "${5:-1}" \
    --seed "${6:-$1}"
}

# lab_delays NODE FILE: what reaches NODE comes later by its source; FILE maps addresses to ms.
lab_delays() { lab_hold "$1" --by-source "$2"; }

# lab_hold NODE OPTION...: what reaches NODE goes through delay.py.
lab_hold() {
  local node=$1 log
  shift
  lab_python || return 1
  log=$(mktemp)
  lab_start "$node" "$log" "$LAB_PYTHON" "$LAB_SCRIPTS/delay.py" --queue "$LAB_QUEUE" "$@"
  if ! lab_wait_for ready "$log"; then
    echo "lab: the delay helper did not start:" >&2
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  # On the receiving side: a queue in a sender's own output makes its send calls fail when full.
  lab_run "$node" iptables -w -I INPUT -i eth0 -j NFQUEUE --queue-num "$LAB_QUEUE"
}

# lab_loss NODE PER_MILLE: independent loss of what reaches NODE; 0 takes it away again.
lab_loss() {
  local node=$1 per_mille=$2
  lab_run "$node" nft delete table inet loss 2>/dev/null || true
  if [ "$per_mille" -eq 0 ]; then return; fi
  lab_run "$node" nft -f - <<RULES
table inet loss {
  chain incoming {
    type filter hook input priority -1; policy accept;
    iifname "eth0" numgen random mod 1000 < $per_mille counter drop
  }
}
RULES
}

# lab_wait_for TEXT FILE [SECONDS]: until FILE holds TEXT.
lab_wait_for() {
  local tries=$((${3:-10} * 20))
  for _ in $(seq "$tries"); do
    if grep -q -- "$1" "$2" 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  return 1
}

# Sets LAB_PYTHON, making a virtual environment of our own when no interpreter has the module.
lab_python() {
  local candidate
  if [ -n "$LAB_PYTHON" ]; then return; fi
  for candidate in python3 /usr/bin/python3 "$LAB_VENV/bin/python"; do
    if "$candidate" -c 'import netfilterqueue' 2>/dev/null; then
      LAB_PYTHON=$candidate
      return
    fi
  done
  echo "lab: installing NetfilterQueue into $LAB_VENV" >&2
  if python3 -m venv "$LAB_VENV" >&2 && "$LAB_VENV/bin/pip" install -q NetfilterQueue >&2; then
    LAB_PYTHON=$LAB_VENV/bin/python
  else
    echo "lab: delay needs: apt install libnetfilter-queue-dev python3-venv python3-dev gcc" >&2
    return 1
  fi
}

# Ends what runs inside the laboratory, by id, and removes its namespaces. Safe to call twice.
lab_close() {
  local status=$? name pids="${LAB_STARTED[*]}"
  for name in "${LAB_NAMESPACES[@]}"; do
    pids="$pids $(ip netns pids "$name" 2>/dev/null)"
  done
  # Killed outright: a stopped process would not take a polite signal.
  # shellcheck disable=SC2086 # one word an id
  kill -KILL $pids 2>/dev/null || true
  if [ "${#LAB_STARTED[@]}" -gt 0 ]; then wait "${LAB_STARTED[@]}" 2>/dev/null || true; fi
  for name in "${LAB_NAMESPACES[@]}"; do
    ip netns delete "$name" 2>/dev/null || true
  done
  LAB_NAMESPACES=()
  LAB_STARTED=()
  LAB=""
  LAB_NODES=0
  return "$status"
}
