/// Why the server could not start, with what to do about it.
package struct HTTPServerError: Error, Sendable, CustomStringConvertible {
  /// What was being done: "listen on".
  package let operation: String

  /// Where: a host and port, or the setting at fault.
  package let place: String

  /// What stood in the way, in the system's words where they are the system's.
  package let cause: String

  /// What to do next; a whole sentence.
  package let mend: String

  package var description: String {
    "could not \(operation) \(place): \(cause). \(mend)"
  }
}
