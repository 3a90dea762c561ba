/// The model calls as they stand in the events, and the ledgers of usage made of them: SQL that
/// migrations share, in which what marks a price of its own has changed.
enum ModelCallsSQL {
  /// - Parameters:
  ///   - mark: the column's name.
  ///   - rule: what it holds, of the counted figures.
  static func view(mark: String, rule: String) -> String {
    """
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
        model, \(rule) AS \(mark),
        input, output, cache_read, cache_write,
        min(cache_write_1h, cache_write) AS cache_write_1h
      FROM counted;
    """
  }

  /// Fills the three ledgers, which are empty.
  static func fill(mark: String) -> String {
    """
    CREATE TEMP TABLE last_calls AS
      SELECT * FROM model_calls c WHERE NOT EXISTS (SELECT 1 FROM event_links l
        JOIN events n ON n.id = l.from_event_id AND n.event_type = 'llm_call.completed'
        WHERE l.to_event_id = c.event_id AND l.relation_type = 'supersedes');
    INSERT INTO usage_runs SELECT run_id, day, model, \(mark), \(sums)
      FROM last_calls GROUP BY 1, 2, 3, 4;
    INSERT INTO usage_hours SELECT hour, model, \(mark), \(sums)
      FROM last_calls GROUP BY 1, 2, 3;
    DROP TABLE last_calls;

    INSERT INTO usage_sessions
      SELECT shown, day, model, \(mark), is_subagent, \(sums)
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
    """
  }

  private static let sums =
    "count(*), sum(input), sum(output), sum(cache_read), sum(cache_write), sum(cache_write_1h)"

  /// A JSON number as a count; what is none counts nothing.
  private static func count(_ value: String) -> String {
    """
    CASE WHEN typeof(\(value)) = 'integer' OR (typeof(\(value)) = 'real' AND abs(\(value)) < 9.2e18
        AND \(value) = CAST(\(value) AS INTEGER))
      THEN min(max(CAST(\(value) AS INTEGER), 0), 1099511627776) ELSE 0 END
    """
  }
}
