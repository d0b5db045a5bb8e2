#!/usr/bin/env python3
"""A program as an agent: reads an assignment, and prints how many words its payload has."""

import json
import sys

print(len(json.load(sys.stdin)["payload"].split()))
