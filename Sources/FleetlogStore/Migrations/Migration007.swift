/// How the contract is kept, by session instead of by agent: which agent a session is of may be
/// told after its first turns were counted.
let migration007 = Migration(
  version: 7,
  sql: """
    -- Empty text: the session, the model, or the version of the contract, is not known. Turns that
    -- were pruned before this step no longer count: of which session they were is gone.
    DROP TABLE contract_turns;
    CREATE TABLE contract_turns (
      session_id TEXT NOT NULL,
      model TEXT NOT NULL,
      contract_version TEXT NOT NULL,
      turns INTEGER NOT NULL,
      kept INTEGER NOT NULL,
      refused INTEGER NOT NULL,
      PRIMARY KEY (session_id, model, contract_version)
    ) STRICT, WITHOUT ROWID;

    INSERT INTO contract_turns
      SELECT coalesce(e.related_session_id, ''),
        coalesce(json_extract(e.payload_json, '$.model_name'), ''),
        coalesce(json_extract(e.payload_json, '$.contract_version'), ''), count(*),
        sum(coalesce(json_extract(e.payload_json, '$.event_blocks'), 0) > 0),
        sum(coalesce(json_extract(e.payload_json, '$.refused_blocks'), 0) > 0)
      FROM events e
      WHERE e.event_type = 'turn.completed'
        AND coalesce(e.provenance, '') NOT GLOB 'hook: *'
        AND NOT EXISTS (SELECT 1 FROM event_links l
          WHERE l.to_event_id = e.id AND l.relation_type = 'supersedes')
      GROUP BY 1, 2, 3;
    """)
