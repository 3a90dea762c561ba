/// Tokens by model, for what each session, run and day used and cost.
let migration008 = Migration(
  version: 8,
  sql: """
    -- The model calls of the log with their figures, read as the writer reads them: a whole number,
    -- none below zero, none beyond what could be true.
    CREATE VIEW model_calls AS
      WITH figures AS (
        SELECT id, ts, run_id, related_session_id, role = 'subagent' AS is_subagent,
          iif(json_type(payload_json, '$.model_name') = 'text',
            json_extract(payload_json, '$.model_name'), '') AS model,
          json_extract(payload_json, '$.input_tokens') AS i,
          json_extract(payload_json, '$.output_tokens') AS o,
          json_extract(payload_json, '$.cache_read_tokens') AS r,
          json_extract(payload_json, '$.cache_write_tokens') AS w,
          json_extract(payload_json, '$.cache_write_1h_tokens') AS h
        FROM events WHERE event_type = 'llm_call.completed'),
      counted AS (
        SELECT id, ts, run_id, related_session_id, is_subagent, model,
          \(count("i")) AS input, \(count("o")) AS output, \(count("r")) AS cache_read,
          \(count("w")) AS cache_write, \(count("h")) AS cache_write_1h
        FROM figures)
      SELECT id AS event_id, ts, run_id, related_session_id AS session_id, is_subagent,
        (ts - ((ts % 3600000) + 3600000) % 3600000) / 3600000 AS hour,
        (ts - ((ts % 86400000) + 86400000) % 86400000) / 86400000 AS day,
        model, input + cache_read + cache_write > 200000 AS is_long,
        input, output, cache_read, cache_write,
        min(cache_write_1h, cache_write) AS cache_write_1h
      FROM counted;

    -- What the runs used, each response once: of its versions the last one. The model is empty
    -- where its source does not name it; is_long marks calls with more than 200,000 tokens of
    -- input, caches included, which some models charge otherwise.
    CREATE TABLE usage_runs (
      run_id INTEGER NOT NULL,
      day INTEGER NOT NULL,
      model TEXT NOT NULL,
      is_long INTEGER NOT NULL,
      \(figures)
      PRIMARY KEY (run_id, day, model, is_long)
    ) STRICT, WITHOUT ROWID;

    -- The same by time, for the whole log.
    CREATE TABLE usage_hours (
      hour INTEGER NOT NULL,
      model TEXT NOT NULL,
      is_long INTEGER NOT NULL,
      \(figures)
      PRIMARY KEY (hour, model, is_long)
    ) STRICT, WITHOUT ROWID;

    -- What each session shows, also what a resumed or forked one repeats of another: not to be
    -- summed over sessions.
    CREATE TABLE usage_sessions (
      session_id TEXT NOT NULL,
      day INTEGER NOT NULL,
      model TEXT NOT NULL,
      is_long INTEGER NOT NULL,
      is_subagent INTEGER NOT NULL,
      \(figures)
      PRIMARY KEY (session_id, day, model, is_long, is_subagent)
    ) STRICT, WITHOUT ROWID;

    CREATE TEMP TABLE last_calls AS
      SELECT * FROM model_calls c WHERE NOT EXISTS (SELECT 1 FROM event_links l
        JOIN events n ON n.id = l.from_event_id AND n.event_type = 'llm_call.completed'
        WHERE l.to_event_id = c.event_id AND l.relation_type = 'supersedes');
    INSERT INTO usage_runs SELECT run_id, day, model, is_long, \(sums)
      FROM last_calls GROUP BY 1, 2, 3, 4;
    INSERT INTO usage_hours SELECT hour, model, is_long, \(sums)
      FROM last_calls GROUP BY 1, 2, 3;
    DROP TABLE last_calls;

    INSERT INTO usage_sessions
      SELECT shown, day, model, is_long, is_subagent, \(sums)
      FROM (SELECT session_id AS shown, * FROM model_calls WHERE session_id IS NOT NULL
        UNION ALL
        SELECT k.session_id, c.* FROM session_copies k CROSS JOIN model_calls c
          ON c.event_id = k.event_id) AS calls
      WHERE NOT EXISTS (SELECT 1 FROM event_links l
        JOIN events n ON n.id = l.from_event_id AND n.event_type = 'llm_call.completed'
        WHERE l.to_event_id = calls.event_id AND l.relation_type = 'supersedes'
          AND (n.related_session_id = calls.shown OR EXISTS (SELECT 1 FROM session_copies k
            WHERE k.event_id = n.id AND k.session_id = calls.shown)))
      GROUP BY 1, 2, 3, 4, 5;

    -- What the events of each run tell about what it came to; a projection, kept with the views of
    -- the synthesizer. A run without a row is folded when it is asked for.
    CREATE TABLE run_metrics (
      run_id INTEGER PRIMARY KEY,
      metrics TEXT NOT NULL CHECK (substr(metrics, 1, 1) = '{')
    ) STRICT;

    -- The files, commits and pull requests that a run's tools show, each with the event that shows
    -- it first.
    CREATE TABLE run_traces (
      run_id INTEGER NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('read', 'written', 'commit', 'pull_request')),
      subject TEXT NOT NULL,
      ts INTEGER NOT NULL,
      event_id INTEGER NOT NULL,
      PRIMARY KEY (run_id, kind, subject)
    ) STRICT, WITHOUT ROWID;
    """)

private let figures = """
  calls INTEGER NOT NULL,
  input INTEGER NOT NULL,
  output INTEGER NOT NULL,
  cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL,
  cache_write_1h INTEGER NOT NULL,
  """

private let sums =
  "count(*), sum(input), sum(output), sum(cache_read), sum(cache_write), sum(cache_write_1h)"

/// A JSON number as a count; what is none counts nothing.
private func count(_ value: String) -> String {
  """
  CASE WHEN typeof(\(value)) = 'integer' OR (typeof(\(value)) = 'real' AND abs(\(value)) < 9.2e18
      AND \(value) = CAST(\(value) AS INTEGER))
    THEN min(max(CAST(\(value) AS INTEGER), 0), 1099511627776) ELSE 0 END
  """
}
