/// Tokens by model, for what each session, run and day used and cost.
let migration008 = Migration(
  version: 8,
  sql: """
    \(ModelCallsSQL.view(mark: "is_long", rule: "input + cache_read + cache_write > 200000"))

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

    \(ModelCallsSQL.fill(mark: "is_long"))

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
