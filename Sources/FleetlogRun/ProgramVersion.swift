/// The version of Fleetlog.
package enum ProgramVersion {
  package static let current = "0.1.0"
}
