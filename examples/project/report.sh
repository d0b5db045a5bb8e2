#!/bin/sh
# Prints the most frequent long words of the table that its assignment names.
# The assignment is one line of JSON. A field whose value has no quotes in it can be cut out with sed; for more, use a
# language that reads JSON, as count.py does.
set -eu
table=$(sed 's/.*"table":"\([^"]*\)".*/\1/')

# Plain text is a result, too.
echo 'The most frequent words of five letters and more:'
awk -F '\t' 'length($2) >= 5 { print; if (++n == 8) exit }' "$table" |
  while read -r count word; do
    printf '%4d  %s\n' "$count" "$word"
  done
