/// What was forgotten, and which transcripts are not read.
let migration014 = Migration(
  version: 14,
  sql: """
    -- Hashes of the names of forgotten sessions and facts: enough to know them when they come again,
    -- and nothing of what they said.
    CREATE TABLE forgotten (
      hash BLOB PRIMARY KEY
    ) STRICT, WITHOUT ROWID;

    -- One row from when rows are gone until their bytes are: a forgetting that was cut short goes on
    -- from there.
    CREATE TABLE forgetting (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      began_at INTEGER NOT NULL
    ) STRICT;

    -- Only a CHECK changes: see migration 3.
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = replace(sql,
        'state IN (''reading'', ''unrecognised'', ''unreadable'', ''gone'')',
        'state IN (''reading'', ''unrecognised'', ''unreadable'', ''gone'', ''excluded'')')
      WHERE type = 'table' AND name = 'files';
    PRAGMA writable_schema = RESET;
    """)
