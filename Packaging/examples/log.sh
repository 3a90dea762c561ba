#!/bin/sh
# A supervisor that starts two workers, from a shell: fleetlog run -- sh log.sh
# Every run, and who started whom, is told by “fleetlog run”; the rest by “fleetlog log”.
set -u
fleetlog log task.planned --summary "Two parts to convert" --payload '{"parts": 2}'
for part in one two; do
  fleetlog run --role worker -- sh -c "
    fleetlog log task.claimed --payload '{\"part\": \"$part\"}'
    fleetlog log task.done --payload '{\"part\": \"$part\"}' --idempotency-key done-$part"
done
