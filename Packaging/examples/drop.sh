#!/bin/sh
# A process that can reach neither a server nor the program leaves a line in the drop folder, which
# the next server reads. It gets no id. One file for each process; a line is one write.
set -eu
inbox=${FLEETLOG_INBOX:-${XDG_DATA_HOME:-$HOME/.local/share}/fleetlog/inbox}
mkdir -p "$inbox"
echo '{"event_type": "blocked", "instance_id": "nightly", "summary": "No space left on /var", "idempotency_key": "disk"}' \
  >> "$inbox/nightly-$$.jsonl"
