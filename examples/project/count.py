"""Counts the words of one part of a text: each member of the group takes the part that is its turn.

A Python agent: one line of JSON comes in on standard input, lines of JSON go out on standard output.
"""

import json
import re
import sys
from collections import Counter


def tell(**line):
    print(json.dumps(line), flush=True)


assignment = json.load(sys.stdin)

# Everybody sees the same members in the same order, so nobody has to say who takes which part.
members = sorted(member["agent"] for member in assignment["members"])
turn = members.index(assignment["agent"])

[split] = [done["result"] for done in assignment["inputs"]["split"]["splitting"]]
mine = range(turn + 1, split["parts"] + 1, len(members))

counts = Counter()
for done, part in enumerate(mine, start=1):
    with open(f"{split['folder']}/part-{part}.txt", encoding="utf-8") as text:
        counts.update(re.findall(r"[a-z']+", text.read().lower()))
    tell(progress=done / len(mine), note=f"part {part}")

tell(say=f"{assignment['agent']} counted {counts.total()} words")
tell(result={"parts": list(mine), "counts": counts})
