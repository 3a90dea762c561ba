#!/usr/bin/env python3
"""Counts one Claude Code or Codex transcript, independently of Fleetlog's own readers.

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


def main():
    if len(sys.argv) != 2:
        sys.exit("counts.py: give one transcript: counts.py FILE")
    path = sys.argv[1]
    counts = Counts()
    all_records = list(records(path, counts))
    (count_codex if is_codex(all_records) else count_claude)(all_records, counts)
    print(json.dumps({**counts.numbers, "sessions": sorted(counts.sessions)}))


if __name__ == "__main__":
    main()
