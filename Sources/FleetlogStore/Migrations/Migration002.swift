/// What prune leaves behind, and what it needs to find quickly.
let migration002 = Migration(
  version: 2,
  sql: """
    -- The keys of pruned facts, whole: 33 bytes each as measured, and they survive a copy of the
    -- transcript under another path, which a place in a file would not.
    CREATE TABLE pruned_keys (
      key TEXT PRIMARY KEY
    ) STRICT, WITHOUT ROWID;

    -- How many of a session's events were pruned; its other figures stay as they were.
    CREATE TABLE pruned_sessions (
      session_id TEXT PRIMARY KEY,
      events INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Receipts that lost an event and may have lost their last one.
    CREATE TABLE receipt_sweep (
      file_id INTEGER NOT NULL,
      source_offset INTEGER NOT NULL,
      PRIMARY KEY (file_id, source_offset)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX key_aliases_event ON key_aliases (event_id);
    CREATE INDEX pending_links_event ON pending_links (event_id);
    """)
