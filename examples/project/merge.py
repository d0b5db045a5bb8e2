"""Adds the counts of all members up, and writes them to a table: merge.py TABLE"""

import json
import sys
from collections import Counter

assignment = json.load(sys.stdin)
table = sys.argv[1]

counts = Counter()
parts = assignment["inputs"]["count"]["counting"]
for part in parts:
    counts.update(part["result"]["counts"])

with open(table, "w", encoding="utf-8") as out:
    for word, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        print(count, word, sep="\t", file=out)

# Without a result line, the last line of JSON is the result.
print(json.dumps({"table": table, "words": counts.total(), "different": len(counts), "from": len(parts)}))
