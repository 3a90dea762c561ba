#!/bin/sh
# Any program that speaks HTTP: FLEETLOG_URL is set below “fleetlog run”, else
# http://127.0.0.1:7450. Prints the answers: an id each, and “new” or “existing”.
set -eu
url=${FLEETLOG_URL:-http://127.0.0.1:7450}

# One event, its run's id and name kept for the next.
answer=$(curl -fsS "$url/api/events" -H 'Content-Type: application/json' \
  -d '{"event_type": "process.started", "role": "worker", "payload": {"version": "1.0"}}')
echo "$answer"
run=$(echo "$answer" | sed 's/.*"run_id":\([0-9]*\).*/\1/')

# Several at once, as an array or one a line.
curl -fsS "$url/api/events" -H 'Content-Type: application/x-ndjson' --data-binary @- <<EOF
{"event_type": "progress", "run_id": $run, "summary": "Half way"}
{"event_type": "blocked", "run_id": $run, "summary": "The registry answers 403", "dedupe_key": "registry"}
{"event_type": "process.exited", "run_id": $run, "payload": {"exit_code": 1}, "idempotency_key": "exit-$run"}
EOF
