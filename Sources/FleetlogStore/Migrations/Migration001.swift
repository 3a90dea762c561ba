/// The log, its links, and the bookkeeping beside them.
let migration001 = Migration(
  version: 1,
  sql: """
    CREATE TABLE events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      ts INTEGER NOT NULL,
      recorded_at INTEGER NOT NULL,
      run_id INTEGER NOT NULL,
      parent_run_id INTEGER,
      instance_id TEXT NOT NULL CHECK (instance_id <> ''),
      role TEXT NOT NULL CHECK (role <> ''),
      source_kind TEXT NOT NULL
        CHECK (source_kind IN ('worker', 'operator', 'system', 'overseer', 'channel')),
      source_ref TEXT,
      sink_kind TEXT CHECK (sink_kind IN ('worker', 'overseer', 'operator', 'fleet')),
      sink_ref TEXT,
      event_type TEXT NOT NULL CHECK (event_type <> ''),
      schema_version INTEGER NOT NULL DEFAULT 1,
      attention_candidate INTEGER NOT NULL DEFAULT 0 CHECK (attention_candidate IN (0, 1)),
      operator_action_required INTEGER NOT NULL DEFAULT 0
        CHECK (operator_action_required IN (0, 1)),
      risk_detected INTEGER NOT NULL DEFAULT 0 CHECK (risk_detected IN (0, 1)),
      severity INTEGER CHECK (severity BETWEEN 1 AND 5),
      confidence REAL CHECK (confidence BETWEEN 0.0 AND 1.0),
      summary TEXT NOT NULL,
      payload_json TEXT CHECK (substr(payload_json, 1, 1) = '{'),
      artifact_refs TEXT CHECK (substr(artifact_refs, 1, 1) = '['),
      tags TEXT CHECK (substr(tags, 1, 1) = '['),
      related_session_id TEXT,
      related_event_id INTEGER,
      dedupe_key TEXT,
      idempotency_key TEXT,
      expires_at INTEGER,
      provenance TEXT,
      source_file_id INTEGER,
      source_offset INTEGER,
      source_length INTEGER
    ) STRICT;

    CREATE INDEX events_ts ON events (ts);
    CREATE INDEX events_type_ts ON events (event_type, ts);
    CREATE INDEX events_run_ts ON events (run_id, ts);
    CREATE INDEX events_session_ts ON events (related_session_id, ts);
    CREATE INDEX events_role_ts ON events (role, ts);
    CREATE INDEX events_source_kind_ts ON events (source_kind, ts);
    CREATE INDEX events_parent_run ON events (parent_run_id) WHERE parent_run_id IS NOT NULL;
    CREATE INDEX events_dedupe ON events (dedupe_key) WHERE dedupe_key IS NOT NULL;
    CREATE UNIQUE INDEX events_idempotency ON events (idempotency_key)
      WHERE idempotency_key IS NOT NULL;
    CREATE INDEX events_attention ON events (ts) WHERE attention_candidate = 1;
    CREATE INDEX events_action ON events (ts) WHERE operator_action_required = 1;
    CREATE INDEX events_risk ON events (ts) WHERE risk_detected = 1;
    CREATE INDEX events_severe ON events (ts) WHERE severity >= 2;
    CREATE INDEX events_grave ON events (ts) WHERE severity >= 4;

    CREATE TABLE event_links (
      id INTEGER PRIMARY KEY,
      from_event_id INTEGER NOT NULL REFERENCES events (id),
      to_event_id INTEGER NOT NULL REFERENCES events (id),
      relation_type TEXT NOT NULL CHECK (relation_type IN
        ('spawned', 'blocks', 'blocked_by', 'supersedes', 'resolves', 'caused_by', 'duplicates')),
      created_at INTEGER NOT NULL,
      metadata_json TEXT CHECK (substr(metadata_json, 1, 1) = '{'),
      UNIQUE (from_event_id, to_event_id, relation_type)
    ) STRICT;
    CREATE INDEX event_links_to ON event_links (to_event_id);

    -- Links whose other end is not in the log yet.
    CREATE TABLE pending_links (
      event_id INTEGER NOT NULL REFERENCES events (id),
      relation_type TEXT NOT NULL,
      direction TEXT NOT NULL CHECK (direction IN ('from_event', 'to_event')),
      target_kind TEXT NOT NULL CHECK (target_kind IN ('id', 'idempotency_key', 'dedupe_key')),
      target TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      metadata_json TEXT,
      PRIMARY KEY (target_kind, target, event_id, relation_type, direction)
    ) STRICT, WITHOUT ROWID;

    -- A second name of a fact whose worker chose its key.
    CREATE TABLE key_aliases (
      key TEXT PRIMARY KEY,
      event_id INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE event_tags (
      tag TEXT NOT NULL,
      ts INTEGER NOT NULL,
      event_id INTEGER NOT NULL,
      PRIMARY KEY (tag, ts, event_id)
    ) STRICT, WITHOUT ROWID;

    -- Which further sessions repeat an event (resumed and forked transcripts).
    CREATE TABLE session_copies (
      session_id TEXT NOT NULL,
      ts INTEGER NOT NULL,
      event_id INTEGER NOT NULL,
      PRIMARY KEY (session_id, ts, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX session_copies_event ON session_copies (event_id);

    -- Events per hour, kept by the writer: exact histograms and facets of the whole log.
    CREATE TABLE event_totals (
      hour INTEGER NOT NULL,
      event_type TEXT NOT NULL,
      source_kind TEXT NOT NULL,
      events INTEGER NOT NULL,
      attention INTEGER NOT NULL,
      PRIMARY KEY (hour, event_type, source_kind)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE runs (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      parent_run_id INTEGER,
      parent_key TEXT,
      instance_id TEXT NOT NULL,
      role TEXT NOT NULL,
      session_id TEXT,
      started_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      events INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX runs_session ON runs (session_id);
    CREATE INDEX runs_parent ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
    CREATE INDEX runs_instance ON runs (instance_id);
    CREATE INDEX runs_orphans ON runs (parent_key)
      WHERE parent_key IS NOT NULL AND parent_run_id IS NULL;

    -- Runs whose events still lack the parent that turned up after them.
    CREATE TABLE parent_backfills (
      run_id INTEGER PRIMARY KEY,
      parent_run_id INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE sessions (
      id TEXT PRIMARY KEY,
      agent TEXT,
      agent_version TEXT,
      title TEXT,
      title_rank INTEGER NOT NULL DEFAULT 0,
      title_at INTEGER NOT NULL DEFAULT 0,
      project TEXT,
      branch TEXT,
      model TEXT,
      model_at INTEGER NOT NULL DEFAULT 0,
      parent_session_id TEXT,
      started_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      times_are_borrowed INTEGER NOT NULL DEFAULT 0,
      events INTEGER NOT NULL DEFAULT 0,
      prompts INTEGER NOT NULL DEFAULT 0,
      turns INTEGER NOT NULL DEFAULT 0,
      tool_calls INTEGER NOT NULL DEFAULT 0,
      tool_errors INTEGER NOT NULL DEFAULT 0,
      responses INTEGER NOT NULL DEFAULT 0,
      input_tokens INTEGER NOT NULL DEFAULT 0,
      output_tokens INTEGER NOT NULL DEFAULT 0,
      cache_read_tokens INTEGER NOT NULL DEFAULT 0,
      cache_write_tokens INTEGER NOT NULL DEFAULT 0,
      attention INTEGER NOT NULL DEFAULT 0,
      validation_errors INTEGER NOT NULL DEFAULT 0,
      subagents INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX sessions_last ON sessions (last_at, id);

    -- One row for each incarnation of a transcript: when other content takes its place, the row
    -- stays, as what its events' receipts point to.
    CREATE TABLE files (
      id INTEGER PRIMARY KEY,
      path TEXT NOT NULL,
      path_bytes BLOB,
      device INTEGER NOT NULL,
      inode INTEGER NOT NULL,
      format TEXT,
      parser_version INTEGER,
      state TEXT NOT NULL CHECK (state IN ('reading', 'unrecognised', 'unreadable', 'gone')),
      size INTEGER NOT NULL DEFAULT 0,
      modified_at INTEGER NOT NULL DEFAULT 0,
      read_offset INTEGER NOT NULL DEFAULT 0,
      cursor TEXT,
      parser_state TEXT,
      is_holding INTEGER NOT NULL DEFAULT 0,
      lines INTEGER NOT NULL DEFAULT 0,
      events INTEGER NOT NULL DEFAULT 0,
      skipped_lines INTEGER NOT NULL DEFAULT 0,
      mended_lines INTEGER NOT NULL DEFAULT 0,
      last_error TEXT,
      last_read_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX files_path ON files (path) WHERE state <> 'gone';
    CREATE INDEX files_identity ON files (device, inode);
    CREATE INDEX files_holding ON files (id) WHERE is_holding = 1;

    CREATE TABLE file_problems (
      file_id INTEGER NOT NULL,
      source_offset INTEGER NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('skipped', 'mended', 'fenced_block', 'unknown_record')),
      source_length INTEGER NOT NULL,
      reason TEXT NOT NULL,
      noted_at INTEGER NOT NULL,
      PRIMARY KEY (file_id, source_offset, kind, reason)
    ) STRICT, WITHOUT ROWID;

    -- The bytes that events came from, so that a receipt outlives its file.
    CREATE TABLE transcript_chunks (
      id INTEGER PRIMARY KEY,
      file_id INTEGER NOT NULL,
      source_offset INTEGER NOT NULL,
      source_length INTEGER NOT NULL,
      codec TEXT NOT NULL CHECK (codec IN ('raw', 'zstd')),
      bytes BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX transcript_chunks_place ON transcript_chunks (file_id, source_offset);
    CREATE INDEX transcript_chunks_raw ON transcript_chunks (file_id, source_offset)
      WHERE codec = 'raw';

    CREATE TABLE projection_cursors (
      name TEXT PRIMARY KEY,
      last_event_id INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Names this log, so that an index beside it can tell whether it belongs to it.
    CREATE TABLE log_identity (
      id TEXT PRIMARY KEY
    ) STRICT, WITHOUT ROWID;
    INSERT INTO log_identity VALUES (lower(hex(randomblob(16))));
    """)
