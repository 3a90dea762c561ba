#!/usr/bin/env python3
"""Counts one transcript of any agent, independently of Fleetlog's own readers.

    counts.py TRANSCRIPT

prints one JSON object on one line. Written from the format notes and the raw files alone, so
that agreement with a log that ingested the same file means something. Where a format leaves
room, the judgement made is beside the code, marked "Judged".
"""

import json
import sys

# The script leaves no compiled files in the source tree.
sys.dont_write_bytecode = True

from claude_counts import count_claude
from codex_counts import count_codex, is_codex
from counting import Counts, records
from forge_counts import count_forge_worker, is_forge_worker
from gemini_counts import count_gemini, is_gemini
from opencode_counts import count_opencode, is_opencode


def count_records(all_records, counts):
    if is_forge_worker(all_records):
        count_forge_worker(all_records, counts)
    elif is_codex(all_records):
        count_codex(all_records, counts)
    else:
        count_claude(all_records, counts)


def main():
    if len(sys.argv) != 2:
        sys.exit("counts.py: give one transcript: counts.py FILE")
    path = sys.argv[1]
    counts = Counts()
    if is_opencode(path):
        count_opencode(path, counts)
    elif is_gemini(path):
        count_gemini(path, counts)
    else:
        count_records(list(records(path, counts)), counts)
    print(json.dumps({**counts.numbers, "sessions": sorted(counts.sessions),
                      "models": counts.model_list()}))


if __name__ == "__main__":
    main()
