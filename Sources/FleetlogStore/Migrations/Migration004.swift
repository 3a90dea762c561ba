/// What agents' hooks tell, and how the event contract is kept.
let migration004 = Migration(
  version: 4,
  sql: """
    -- Ends of turns that only a hook has told so far, where the transcript's telling looks for them.
    CREATE TABLE hook_turns (
      run_id INTEGER NOT NULL,
      ts INTEGER NOT NULL,
      event_id INTEGER NOT NULL,
      PRIMARY KEY (run_id, ts, event_id)
    ) STRICT, WITHOUT ROWID;

    -- Finished turns, and how many carried a valid event block or a refused one. Empty text: the
    -- model, or the version of the contract, is not known. Turns that were pruned still count.
    CREATE TABLE contract_turns (
      agent TEXT NOT NULL,
      model TEXT NOT NULL,
      contract_version TEXT NOT NULL,
      turns INTEGER NOT NULL,
      kept INTEGER NOT NULL,
      refused INTEGER NOT NULL,
      PRIMARY KEY (agent, model, contract_version)
    ) STRICT, WITHOUT ROWID;

    -- Turns that an older parser read say nothing of their blocks; fleetlog reindex mends that.
    INSERT INTO contract_turns
      SELECT coalesce(s.agent, ''), coalesce(json_extract(e.payload_json, '$.model_name'), ''),
        coalesce(json_extract(e.payload_json, '$.contract_version'), ''), count(*),
        sum(coalesce(json_extract(e.payload_json, '$.event_blocks'), 0) > 0),
        sum(coalesce(json_extract(e.payload_json, '$.refused_blocks'), 0) > 0)
      FROM events e LEFT JOIN sessions s ON s.id = e.related_session_id
      WHERE e.event_type = 'turn.completed'
        AND NOT EXISTS (SELECT 1 FROM event_links l
          WHERE l.to_event_id = e.id AND l.relation_type = 'supersedes')
      GROUP BY 1, 2, 3;
    """)
