# shellcheck shell=bash
# shellcheck disable=SC2034 # the scripts that source this use what is named here
# What a fresh Debian 12 must have before anything is built. Sourced by the other scripts.

BUILD_PACKAGES=(
  git ca-certificates pkg-config binutils libc6-dev libstdc++-12-dev
  libsodium-dev libopus-dev libopusfile-dev libopusenc-dev libspeexdsp-dev
  libqrencode-dev libminiupnpc-dev libnatpmp-dev
)
SPEECH_PACKAGES=(pocketsphinx-testdata) # read speech for the demo and for tests of sound
LAB_PACKAGES=(
  iproute2 nftables iptables iputils-ping python3 python3-venv python3-dev gcc
  libnetfilter-queue-dev openssl obfs4proxy miniupnpd-nftables
)
# What the page is tried in; playwright, axe-playwright-python, pystoi and pesq come from PyPI.
PAGE_PACKAGES=(chromium firefox-esr python3 fonts-noto-core)
SWIFT_LEAST=6.3

# Arrows between targets hold at build time as well, not only in TidyTests.
BUILD_FLAGS=(--explicit-target-dependency-import-check error)

say() { printf '\n== %s\n' "$*"; }

stop() {
  echo "$*" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

# install_missing PACKAGE...: asks apt only for what is not there, and asks nobody anything.
install_missing() {
  local missing=() package root=()
  if ! command -v dpkg-query >/dev/null; then
    echo "Not a Debian system: please see to the equivalents of: $*" >&2
    return
  fi
  for package in "$@"; do
    if ! is_installed "$package"; then missing+=("$package"); fi
  done
  if [ "${#missing[@]}" -eq 0 ]; then return; fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      stop "Missing: ${missing[*]}. Run as root, or: apt-get install ${missing[*]}"
    fi
    root=(sudo)
  fi
  say "Installing ${missing[*]}"
  "${root[@]}" apt-get -o DPkg::Lock::Timeout=300 update -q
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    install -q -y --no-install-recommends "${missing[@]}"
}

# Puts a toolchain of at least SWIFT_LEAST on PATH or says how to get one.
require_swift() {
  local folder found
  for folder in "$HOME/.local/share/swiftly/bin" /opt/swift/usr/bin /usr/local/swift/usr/bin; do
    if ! command -v swift >/dev/null && [ -x "$folder/swift" ]; then PATH=$folder:$PATH; fi
  done
  if ! command -v swift >/dev/null; then
    stop "Swift $SWIFT_LEAST or newer is needed and none was found on PATH.
Get it for Debian 12 from https://www.swift.org/install/linux/ and run this again."
  fi
  found=$(swift --version 2>&1 | grep -oE 'Swift version [0-9]+(\.[0-9]+)*' | grep -oE '[0-9.]+$')
  if [ "$(printf '%s\n' "$SWIFT_LEAST" "$found" | sort -V | head -n 1)" != "$SWIFT_LEAST" ]; then
    stop "Swift $SWIFT_LEAST or newer is needed; $(command -v swift) is ${found:-unknown}.
Get it for Debian 12 from https://www.swift.org/install/linux/ and run this again."
  fi
}
