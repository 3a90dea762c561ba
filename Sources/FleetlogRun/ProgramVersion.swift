/// The version of Fleetlog.
package enum ProgramVersion {
  package static let current = "0.1.0"
  /// When it came out: a made manual page or package is the same whenever it is made.
  package static let day = "2026-11-26"
}
