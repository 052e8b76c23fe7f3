#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What speech is worth after Opus, and after Opus and the jitter buffer: the figures in
# docs/results/opus-alone.md.
#
# Needs: apt install pocketsphinx-testdata; pip install numpy pesq pystoi
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
STARLING_VOICE_RESULTS=$folder swift test --filter VoiceTests.ResultsTests >"$folder/log" 2>&1 || {
  cat "$folder/log" >&2
  exit 1
}
grep -E '^(copies|playout-)' "$folder/log" || true
echo '| sound | PESQ-wb | STOI | gaps ms |'
echo '| --- | ---: | ---: | --- |'
for file in "$folder"/[clrp]*.wav; do
  python3 scripts/audio-compare.py "$folder/said.wav" "$file" | python3 -c '
import json, sys
r = json.load(sys.stdin)
gaps = r["gaps_ms"] or "none"
print("| %s | %.2f | %.3f | %s |" % (sys.argv[1], r["pesq_wb"], r["stoi"], gaps))
' "$(basename "$file" .wav)"
done
