/// Names for the instances of runs that were given none.
let migration011 = Migration(
  version: 11,
  sql: """
    -- The last of W00001, W00002, … that was given to a run.
    CREATE TABLE instance_names (last INTEGER NOT NULL) STRICT;
    INSERT INTO instance_names VALUES (0);
    """)
