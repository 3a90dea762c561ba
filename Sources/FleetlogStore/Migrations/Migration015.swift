/// What the log's sessions and runs come to together, so that nobody has to add them up; which
/// sessions are of an agent, project or branch; and how severe events are, beside their times.
let migration015 = Migration(
  version: 15,
  sql: """
    -- Sessions and their events by what is known of them, empty text where that is nothing. Events
    -- that a session repeats from another are the other's.
    CREATE TABLE session_groups (
      agent TEXT NOT NULL,
      project TEXT NOT NULL,
      branch TEXT NOT NULL,
      sessions INTEGER NOT NULL,
      events INTEGER NOT NULL,
      PRIMARY KEY (agent, project, branch)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO session_groups
      SELECT coalesce(s.agent, ''), coalesce(s.project, ''), coalesce(s.branch, ''), count(*),
        sum(s.events - coalesce(c.events, 0))
      FROM sessions s LEFT JOIN
        (SELECT session_id, count(*) AS events FROM session_copies GROUP BY 1) c
        ON c.session_id = s.id
      GROUP BY 1, 2, 3;

    -- Triggers, since rows of sessions come, change and go at many places: as they are read, pruned,
    -- forgotten, counted anew.
    CREATE TRIGGER session_groups_new AFTER INSERT ON sessions BEGIN
      \(add)
    END;
    CREATE TRIGGER session_groups_gone AFTER DELETE ON sessions BEGIN
      \(remove)
    END;
    CREATE TRIGGER session_groups_moved AFTER UPDATE OF agent, project, branch ON sessions
      WHEN NEW.agent IS NOT OLD.agent OR NEW.project IS NOT OLD.project
        OR NEW.branch IS NOT OLD.branch
    BEGIN
      \(remove)
      \(add)
    END;
    CREATE TRIGGER session_groups_grown AFTER UPDATE OF events ON sessions
      WHEN NEW.events <> OLD.events AND NEW.agent IS OLD.agent AND NEW.project IS OLD.project
        AND NEW.branch IS OLD.branch
    BEGIN
      UPDATE session_groups SET events = events + NEW.events - OLD.events WHERE \(group("NEW"));
    END;
    CREATE TRIGGER session_groups_copied AFTER INSERT ON session_copies BEGIN
      \(copies("events - 1", "NEW"))
    END;
    CREATE TRIGGER session_groups_uncopied AFTER DELETE ON session_copies BEGIN
      \(copies("events + 1", "OLD"))
    END;

    -- Events by the role of their run.
    CREATE TABLE run_roles (
      role TEXT PRIMARY KEY,
      events INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO run_roles SELECT role, sum(events) FROM runs GROUP BY 1;
    CREATE TRIGGER run_roles_new AFTER INSERT ON runs BEGIN
      INSERT INTO run_roles VALUES (NEW.role, NEW.events)
        ON CONFLICT DO UPDATE SET events = events + excluded.events;
    END;
    CREATE TRIGGER run_roles_gone AFTER DELETE ON runs BEGIN
      UPDATE run_roles SET events = events - OLD.events WHERE role = OLD.role;
    END;
    CREATE TRIGGER run_roles_grown AFTER UPDATE OF events ON runs WHEN NEW.events <> OLD.events
    BEGIN
      UPDATE run_roles SET events = events + NEW.events - OLD.events WHERE role = NEW.role;
    END;

    CREATE INDEX sessions_agent ON sessions (agent);
    CREATE INDEX sessions_project ON sessions (project);
    CREATE INDEX sessions_branch ON sessions (branch);

    -- A severity between the two that have an index is told without reading each event. Ids stand
    -- before it, so that events of one moment come in their order.
    DROP INDEX events_severe;
    DROP INDEX events_grave;
    CREATE INDEX events_severe ON events (ts, id, severity) WHERE severity >= 2;
    CREATE INDEX events_grave ON events (ts, id, severity) WHERE severity >= 4;
    """)

private func group(_ row: String) -> String {
  ["agent", "project", "branch"].map { "\($0) = coalesce(\(row).\($0), '')" }
    .joined(separator: " AND ")
}

private let add = """
  INSERT INTO session_groups VALUES (coalesce(NEW.agent, ''), coalesce(NEW.project, ''),
        coalesce(NEW.branch, ''), 1,
        NEW.events - (SELECT count(*) FROM session_copies WHERE session_id = NEW.id))
        ON CONFLICT DO UPDATE SET sessions = sessions + 1, events = events + excluded.events;
  """

/// A group that nothing is left of goes too: its names may have been forgotten.
private let remove = """
  UPDATE session_groups SET sessions = sessions - 1, events = events - OLD.events
        + (SELECT count(*) FROM session_copies WHERE session_id = OLD.id)
        WHERE \(group("OLD"));
      DELETE FROM session_groups WHERE \(group("OLD")) AND sessions = 0;
  """

/// Of a session that is not there yet the copies are counted when it comes.
private func copies(_ events: String, _ row: String) -> String {
  """
  UPDATE session_groups SET events = \(events) WHERE (agent, project, branch) =
        (SELECT coalesce(agent, ''), coalesce(project, ''), coalesce(branch, '') FROM sessions
          WHERE id = \(row).session_id);
  """
}
