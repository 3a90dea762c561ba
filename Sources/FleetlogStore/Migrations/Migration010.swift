/// Which transcripts are not lines but were unrolled into them.
let migration010 = Migration(
  version: 10,
  sql: """
    -- Then the bytes of its events' receipts stand in the log alone, at places that are not the
    -- file's.
    ALTER TABLE files ADD COLUMN is_unrolled INTEGER NOT NULL DEFAULT 0;
    """)
