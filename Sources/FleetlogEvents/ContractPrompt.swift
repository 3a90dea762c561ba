/// The text that teaches a worker to emit events, made from the catalogue, so that what is taught
/// and what is accepted can't drift apart.
package enum ContractPrompt {
  package static var text: String {
    """
    # Reporting events (contract version \(EventContract.version))

    While you work, report what matters as events. Put them into your ordinary reply, as JSON
    between two exact lines. They are read by a program; people see them as a log of your work.

    \(EventBlock.begin)
    {"schema_version": \(EventTypeCatalogue.schemaVersion), "contract_version": "\(EventContract.version)", "events": [
      {"event_type": "blocked", "summary": "CI login failed on push: the host answers 403",
       "severity": 4, "dedupe_key": "ci-login",
       "artifact_refs": [{"kind": "log_url", "url": "https://ci.example/runs/123", "source": "tool_output"}]}
    ]}
    \(EventBlock.end)

    ## When
    - When you begin, finish, fail, get stuck, need a decision or an approval, or see a risk.
    - Several events in one block and several blocks in one reply are fine. Nothing to report:
      write no block, or one with an empty "events" array.
    - Report what happened, not what you intend. Say "completed" only when it is done and checked.
    - Not inside a code fence: a fenced block is taken for an example.

    ## Types
    \(typeTable)

    ## Fields
    - Required: "event_type", and "summary" (one line, written for a colleague).
    - "severity": 1 (routine) to 5 (act now). "confidence": 0.0 to 1.0, how sure you are.
    - "operator_action_required": true when a person has to do something;
      "risk_detected": true when a person should know before going on.
    - "artifact_refs": what the event is about, each {"kind", "url" or "ref", "title", "source"}.
      Kinds: \(ArtifactReference.kinds.joined(separator: ", ")).
    - "dedupe_key": the same short name each time you report the same condition.
    - "links": how it relates to another event, such as
      [{"relation_type": "resolves", "to": {"dedupe_key": "ci-login"}}].
      Relations: \(RelationType.allCases.map(\.rawValue).joined(separator: ", ")).
    - "tags" (array of strings), "expires_at", "ts" (ISO-8601), "idempotency_key", and "payload"
      (an object) for anything else.
    - A "summary" beside "events" says in a line what the turn came to.

    ## When a task is done
    Copy this and fill it in. Keep the metrics_* keys flat: a nested "metrics" object is ignored.
    PR numbers are integers, not URLs.

    \(EventBlock.begin)
    {"schema_version": \(EventTypeCatalogue.schemaVersion), "contract_version": "\(EventContract.version)", "events": [
      {"event_type": "completed", "summary": "Postings are written once; all 412 tests pass",
       "confidence": 0.95, "operator_action_required": true, "risk_detected": false,
       "artifact_refs": [{"kind": "github_pr", "url": "https://github.com/OWNER/REPO/pull/482", "source": "tool_output"}],
       "payload": {"metrics_outcome": "success", "metrics_pr_numbers": [482],
         "metrics_files_changed": 9, "metrics_lines_added": 214, "metrics_lines_removed": 61}}
    ]}
    \(EventBlock.end)

    "metrics_outcome" is success, partial, abandoned or error.
    """
  }

  private static var typeTable: String {
    EventTypeCatalogue.entries.filter { $0.family == .worker }.map { entry in
      let attention = entry.attention ? " (asks for attention)" : ""
      return "- \"\(entry.type.rawValue)\": \(entry.meaning)\(attention)"
    }.joined(separator: "\n")
  }
}
