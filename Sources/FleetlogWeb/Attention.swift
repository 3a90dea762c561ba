import FleetlogEvents
import FleetlogStore

/// What needs the operator at a moment, as far as every open page shows it: how much, and of each
/// thing enough to say it in a line.
struct Attention: Sendable, Equatable {
  struct Item: Sendable, Equatable {
    let id: Int64
    /// ms since the Unix epoch.
    let ts: Int64
    let who: String
    let why: String
    let what: String
  }

  let total: Int
  /// In the order of need.
  let items: [Item]

  private static let most = 200

  init(of log: EventLog, now: Int64) throws(StoreError) {
    let needs = try log.needs(now: now, limit: Self.most)
    let names = try log.workerNames(of: needs.groups.lazy.map(\.root))
    total = needs.total
    items = needs.groups.map { group in
      let row = NeedRow(
        group: group, sessions: [:], names: names, contradiction: nil, now: now)
      return Item(
        id: group.root.id, ts: group.root.ts, who: row.who, why: row.rank,
        what: group.root.summary)
    }
  }

  var json: JSONObject {
    var object = JSONObject()
    object.set("total", total)
    object.set(
      "items",
      items.map { item in
        var entry = JSONObject()
        // Two logs that take turns on one port count from 1 both.
        entry.set("key", "\(item.id):\(item.ts)")
        entry.set("url", Location.event(item.id).description)
        entry.set("who", item.who)
        entry.set("why", item.why)
        entry.set("what", String(item.what.prefix(300)))
        return entry
      })
    return object
  }
}
