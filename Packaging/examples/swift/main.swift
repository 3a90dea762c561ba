// A worker that reports what it does, and what its model calls use.
//
//     fleetlog run -- swift run fleetlog-example
//
// It also works by itself: then it is a run of its own.
import FleetlogClient

let log = FleetlogClient()
let run = log.startRun(role: "worker", version: "1.0")

run.log("task.claimed", summary: "Took up the conversion of 240 files", payload: ["files": 240])

// What fills the model's context, estimated, or counted by the model's own tokenizer.
var context = ContextTokens()
context.add("You convert files.", to: \.system)
context.add("Convert these: …", to: \.user)
let call = run.startModelCall("example-1", context: context)
// Here the model would be called.
call.complete(ModelCall.Usage(input: context.total, output: 12))

var details = FleetlogClient.Details(summary: "Two files are not UTF-8: skip them?")
details.severity = 3
details.dedupeKey = "encoding"
let asked = run.log("needs_decision", details: details)

// One call with everything said: what all of the above comes down to.
log.logEvent(
  runID: run.id, instanceID: run.instanceID, role: "worker", eventType: "task.done",
  payload: ["converted": 238, "skipped": 2])
run.end()

print(
  asked.id.map { "asked in event \($0)" } ?? "asked; no log could be reached, it will be read later"
)
