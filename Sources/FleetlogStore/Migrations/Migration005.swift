/// What the synthesizer has to remember from one run of the program to the next.
let migration005 = Migration(
  version: 5,
  sql: """
    -- What follows from what: the inferences and links that each run or group stands by. One that
    -- nobody stands by any more is superseded.
    CREATE TABLE synthesis_claims (
      owner TEXT NOT NULL,
      key TEXT NOT NULL,
      is_timed INTEGER NOT NULL DEFAULT 0,
      ts INTEGER NOT NULL,
      PRIMARY KEY (owner, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX synthesis_claims_key ON synthesis_claims (key);

    -- What time will decide about a run; due_at is NULL once it is decided.
    CREATE TABLE synthesis_questions (
      run_id INTEGER NOT NULL,
      key TEXT NOT NULL,
      due_at INTEGER,
      question TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX synthesis_questions_due ON synthesis_questions (due_at)
      WHERE due_at IS NOT NULL;
    CREATE INDEX synthesis_questions_key ON synthesis_questions (key);

    -- What is to be judged once nothing older is being read: runs to be folded again, and groups
    -- that an event joined. cause is the newest event that asks for it.
    CREATE TABLE synthesis_pending (
      kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      cause INTEGER NOT NULL,
      PRIMARY KEY (kind, subject)
    ) STRICT, WITHOUT ROWID;

    -- Which events are about which file or artifact.
    CREATE TABLE synthesis_subjects (
      kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      ts INTEGER NOT NULL,
      event_id INTEGER NOT NULL,
      PRIMARY KEY (kind, subject, ts, event_id)
    ) STRICT, WITHOUT ROWID;

    -- Which events of other runs a run's own file repeats, in its order: each stands behind the
    -- run's own events up to after_id.
    CREATE TABLE run_copies (
      id INTEGER PRIMARY KEY,
      run_id INTEGER NOT NULL,
      after_id INTEGER NOT NULL,
      event_id INTEGER NOT NULL,
      file_id INTEGER,
      UNIQUE (run_id, event_id)
    ) STRICT;

    -- The moment up to which time-driven inferences were made, in ms: it makes a replay the same.
    CREATE TABLE synthesis_clock (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      judged_until INTEGER NOT NULL
    ) STRICT;
    """)
