# shellcheck shell=bash
# What the measurements in this folder have in common. Sourced by them.

# option NAME DEFAULT ARGUMENT...: the value that follows NAME.
option() {
  local name=$1 value=$2
  shift 2
  while [ "$#" -gt 0 ]; do
    case $1 in
      "$name") value=${2:?"$name" needs a value} ;;
      "$name"=*) value=${1#*=} ;;
    esac
    shift
  done
  echo "$value"
}

# open_lab NODES DELAY JITTER LOSS: namespaces with the same way to each node.
open_lab() {
  local node
  lab_require || exit 77
  export STARLING=${STARLING:-$PWD/.build/release/starling}
  if [ ! -x "$STARLING" ]; then
    echo "No $STARLING: swift build -c release --product starling" >&2
    exit 1
  fi
  make_bridge_lab "$1"
  for node in $(seq "$1"); do
    if [ "$2$3" != 00 ]; then lab_delay "$node" "$2" "$3"; fi
    lab_loss "$node" "$4"
  done
  export LAB
}
