/// What the events of each run tell about its worker.
let migration006 = Migration(
  version: 6,
  sql: """
    -- A projection, kept with the views of the synthesizer: facts without a clock, from which the
    -- three views of a worker's state follow at any moment.
    CREATE TABLE worker_states (
      run_id INTEGER PRIMARY KEY,
      facts TEXT NOT NULL CHECK (substr(facts, 1, 1) = '{')
    ) STRICT;

    -- What was inferred of a run, which is little, without its other events, which are many.
    CREATE INDEX events_inferred ON events (run_id, ts)
      WHERE idempotency_key >= 'inferred:' AND idempotency_key < 'inferred;';
    CREATE INDEX runs_last ON runs (last_at);
    """)
