/// Long texts compressed with zstd: the whole of a payload, which has its long texts cut in
/// `payload_json` then, and what parsers remember. What was written before stays as it is.
let migration016 = Migration(
  version: 16,
  sql: """
    ALTER TABLE events ADD COLUMN payload_packed BLOB;
    ALTER TABLE files ADD COLUMN parser_state_packed BLOB;
    """)
