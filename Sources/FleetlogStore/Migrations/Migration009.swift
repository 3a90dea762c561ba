/// What older runners' records tell of tasks.
let migration009 = Migration(
  version: 9,
  sql: """
    -- A projection: each task as its events tell it. Events that a log holds by now are taken in
    -- when it is next opened for writing.
    CREATE TABLE tasks (
      id TEXT PRIMARY KEY,
      last_at INTEGER NOT NULL,
      status TEXT NOT NULL,
      facts TEXT NOT NULL CHECK (substr(facts, 1, 1) = '{')
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tasks_last ON tasks (last_at, id);

    CREATE TABLE task_events (
      task_id TEXT NOT NULL,
      event_id INTEGER NOT NULL,
      PRIMARY KEY (task_id, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX task_events_event ON task_events (event_id);
    """)
