/// Marks each share of usage with the band of its context, since models differ in where they begin
/// to charge otherwise: at more than 100,000 tokens of input, 200,000 or 272,000.
let migration012 = Migration(
  version: 12,
  sql: """
    DROP VIEW model_calls;
    \(ModelCallsSQL.view(mark: "band", rule: band))

    -- The band is how many of these bounds the calls' input passes, caches included.
    ALTER TABLE usage_runs RENAME COLUMN is_long TO band;
    ALTER TABLE usage_hours RENAME COLUMN is_long TO band;
    ALTER TABLE usage_sessions RENAME COLUMN is_long TO band;
    DELETE FROM usage_runs;
    DELETE FROM usage_hours;
    DELETE FROM usage_sessions;
    \(ModelCallsSQL.fill(mark: "band"))
    """)

private let band = [100_000, 200_000, 272_000]
  .map { "(input + cache_read + cache_write > \($0))" }.joined(separator: " + ")
