#!/bin/sh
# Splits a text into parts of whole lines: split.sh TEXT PARTS FOLDER
# A shell agent: the assignment on standard input is not needed here; what it does is in its arguments.
set -eu
text=$1 parts=$2 folder=$3

mkdir -p "$folder"
rm -f "$folder"/part-*.txt
echo '{"progress": 0.1, "note": "reading"}'

awk -v parts="$parts" -v folder="$folder" '
  { line[NR] = $0 }
  END {
    for (i = 1; i <= NR; i++) print line[i] > (folder "/part-" int((i - 1) * parts / NR) + 1 ".txt")
  }' "$text"

lines=$(($(wc -l < "$text")))
echo '{"progress": 0.9, "note": "written"}'
echo "{\"result\": {\"folder\": \"$folder\", \"parts\": $parts, \"lines\": $lines}}"
