/// How the contract is kept, by agent, and how many files are of each format and state, so that
/// nobody has to go through every session or file for it.
let migration017 = Migration(
  version: 17,
  sql: """
    -- What `contract_turns` has by session. Empty text: the agent, the model, or the version of the
    -- contract, is not known.
    CREATE TABLE contract_totals (
      agent TEXT NOT NULL,
      model TEXT NOT NULL,
      contract_version TEXT NOT NULL,
      turns INTEGER NOT NULL,
      kept INTEGER NOT NULL,
      refused INTEGER NOT NULL,
      PRIMARY KEY (agent, model, contract_version)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO contract_totals
      SELECT coalesce(s.agent, ''), c.model, c.contract_version, sum(c.turns), sum(c.kept),
        sum(c.refused)
      FROM contract_turns c LEFT JOIN sessions s ON s.id = c.session_id GROUP BY 1, 2, 3;

    -- Triggers, since a session's agent may be told after its turns, and both may be forgotten.
    CREATE TRIGGER contract_totals_new AFTER INSERT ON contract_turns BEGIN
      INSERT INTO contract_totals VALUES (
        coalesce((SELECT agent FROM sessions WHERE id = NEW.session_id), ''), NEW.model,
        NEW.contract_version, NEW.turns, NEW.kept, NEW.refused) \(add);
    END;
    CREATE TRIGGER contract_totals_counted AFTER UPDATE OF turns, kept, refused ON contract_turns
    BEGIN
      UPDATE contract_totals SET turns = turns + NEW.turns - OLD.turns,
        kept = kept + NEW.kept - OLD.kept, refused = refused + NEW.refused - OLD.refused
        WHERE \(total("NEW"));
    END;
    CREATE TRIGGER contract_totals_gone AFTER DELETE ON contract_turns BEGIN
      UPDATE contract_totals SET turns = turns - OLD.turns, kept = kept - OLD.kept,
        refused = refused - OLD.refused WHERE \(total("OLD"));
    END;
    CREATE TRIGGER contract_totals_session_new AFTER INSERT ON sessions WHEN NEW.agent IS NOT NULL
    BEGIN
      \(move(session: "NEW", from: "''", to: "NEW.agent"))
    END;
    CREATE TRIGGER contract_totals_session_gone AFTER DELETE ON sessions WHEN OLD.agent IS NOT NULL
    BEGIN
      \(move(session: "OLD", from: "OLD.agent", to: "''"))
    END;
    CREATE TRIGGER contract_totals_session_told AFTER UPDATE OF agent ON sessions
      WHEN NEW.agent IS NOT OLD.agent
    BEGIN
      \(move(session: "NEW", from: "coalesce(OLD.agent, '')", to: "coalesce(NEW.agent, '')"))
    END;

    -- Files by format, empty text where none is recognised, and state.
    CREATE TABLE file_states (
      format TEXT NOT NULL,
      state TEXT NOT NULL,
      files INTEGER NOT NULL,
      PRIMARY KEY (format, state)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO file_states SELECT coalesce(format, ''), state, count(*) FROM files GROUP BY 1, 2;
    CREATE TRIGGER file_states_new AFTER INSERT ON files BEGIN
      \(countFile)
    END;
    CREATE TRIGGER file_states_gone AFTER DELETE ON files BEGIN
      \(uncountFile)
    END;
    CREATE TRIGGER file_states_moved AFTER UPDATE OF format, state ON files
      WHEN NEW.format IS NOT OLD.format OR NEW.state <> OLD.state
    BEGIN
      \(uncountFile)
      \(countFile)
    END;

    -- Files that have not been read to their end: few, but for an import.
    CREATE INDEX files_behind ON files (format, modified_at, size, read_offset)
      WHERE state = 'reading' AND read_offset < size AND NOT is_unrolled;
    CREATE INDEX file_problems_fenced ON file_problems (noted_at, file_id, source_offset)
      WHERE kind = 'fenced_block';
    """)

private let add = """
  ON CONFLICT DO UPDATE SET turns = turns + excluded.turns, kept = kept + excluded.kept,
          refused = refused + excluded.refused
  """

private func total(_ row: String) -> String {
  """
  agent = coalesce((SELECT agent FROM sessions WHERE id = \(row).session_id), '')
          AND model = \(row).model AND contract_version = \(row).contract_version
  """
}

/// Counts a session's turns under another agent.
private func move(session: String, from: String, to: String) -> String {
  """
  UPDATE contract_totals SET turns = contract_totals.turns - c.turns,
        kept = contract_totals.kept - c.kept, refused = contract_totals.refused - c.refused
        FROM contract_turns c WHERE c.session_id = \(session).id AND agent = \(from)
        AND contract_totals.model = c.model
        AND contract_totals.contract_version = c.contract_version;
      INSERT INTO contract_totals
        SELECT \(to), model, contract_version, turns, kept, refused FROM contract_turns
        WHERE session_id = \(session).id \(add);
  """
}

private let countFile = """
  INSERT INTO file_states VALUES (coalesce(NEW.format, ''), NEW.state, 1)
        ON CONFLICT DO UPDATE SET files = files + 1;
  """

private let uncountFile = """
  UPDATE file_states SET files = files - 1
        WHERE format = coalesce(OLD.format, '') AND state = OLD.state;
  """
