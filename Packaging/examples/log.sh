#!/bin/sh
# A supervisor that starts two workers, from a shell: fleetlog run -- sh log.sh
# An event is about a task, which “fleetlog tasks” lists, where its payload numbers an issue.
# Every run, and who started whom, is told by “fleetlog run”; the rest by “fleetlog log”.
set -u
fleetlog log task.planned --summary "Two parts to convert" --payload '{"issue": 1, "parts": 2}'
for part in one two; do
  fleetlog run --role worker -- sh -c "
    fleetlog log task.claimed --payload '{\"issue\": 1, \"part\": \"$part\"}'
    fleetlog log task.done --payload '{\"issue\": 1, \"part\": \"$part\"}' --idempotency-key done-$part"
done
