/// The list of sources comes off an index: a row of `files` is large and there may be very many.
let migration013 = Migration(
  version: 13,
  sql: """
    -- 2 where something is wrong with a file, 1 where it stands, 0 where it is gone.
    ALTER TABLE files ADD COLUMN standing INTEGER GENERATED ALWAYS AS (
      CASE WHEN state = 'gone' THEN 0 WHEN state = 'unreadable' OR skipped_lines > 0 THEN 2
        ELSE 1 END) VIRTUAL;
    CREATE INDEX files_listed ON files (standing, modified_at, id);
    """)
