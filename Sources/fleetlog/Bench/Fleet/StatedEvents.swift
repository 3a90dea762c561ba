import FleetlogEvents

/// What the fleet's workers state in event blocks.
enum StatedEvents {
  /// A tag that some of them bear.
  static let tag = "billing"

  private static let kinds = [
    #"{"event_type":"progress","tags":["build"],"summary":"#,
    #"{"event_type":"commit_pushed","tags":["git"],"summary":"#,
    #"{"event_type":"blocked","severity":4,"dedupe_key":"ci-login","tags":["ci"],"summary":"#,
    #"{"event_type":"needs_decision","severity":3,"operator_action_required":true,"summary":"#,
    #"{"event_type":"risk_detected","risk_detected":true,"tags":["billing"],"summary":"#,
    #"{"event_type":"completed","confidence":0.9,"operator_action_required":false,"summary":"#,
  ]

  /// - Returns: the block, and how many events it states.
  static func block(_ text: inout TextMaker) -> (text: [UInt8], events: Int) {
    let events = text.random.int(1...2)
    var record = RecordBytes()
    record.put(Array("\n\n\(EventBlock.begin)\n".utf8))
    record.put("{\"schema_version\":1,\"events\":[")
    for index in 0..<events {
      if index > 0 { record.put(",") }
      record.put(Array(text.random.pick(kinds).utf8))
      record.put(text: text.prose(text.random.int(30...120)).map { $0 == 0x0A ? 0x20 : $0 })
      record.put("}")
    }
    record.put("]}")
    record.put(Array("\n\(EventBlock.end)".utf8))
    return (record.bytes, events)
  }
}
