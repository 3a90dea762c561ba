import FleetlogClient
import FleetlogDirect
import FleetlogRun
import Glibc

// `fleetlog` as it is called. It does `run` itself, without what the other verbs need: HTTP and
// Foundation take longer to load than many a command runs. For everything else it becomes the whole
// program, which stands beside it.

let arguments = CommandLine.arguments
var link = [CChar](repeating: 0, count: 4096)
let length = readlink("/proc/self/exe", &link, link.count - 1)
let own = String(decoding: link.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
let folder = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."
let program = folder + "/fleetlog-program"

guard arguments.count > 2, arguments[1] == "run", arguments[2] != "-h",
  !arguments[2].hasPrefix("--help")
else {
  execv(program, CommandLine.unsafeArgv)
  RunLauncher.say(
    "can't start \(program): \(String(cString: strerror(errno))); install fleetlog anew, both programs "
      + "in one folder")
  exit(1)
}
let signals = SignalState.take()
let environment = LogPlaces.environment
let status: Int32
do {
  let options = try RunOptions(Array(arguments.dropFirst(2)), environment: environment)
  let places = LogPlaces(
    environment: options.settings, database: options.database, inbox: options.inbox,
    program: program)
  let launcher = RunLauncher(
    options: options,
    route: DirectLog.route(to: places, patience: RunLauncher.patience, defersSync: true),
    environment: environment,
    signals: signals, version: ProgramVersion.current)
  status = launcher.run(CommandLine.unsafeArgv + 2 + options.command)
} catch {
  RunLauncher.say("\(error)")
  status = 2
}
// Only here, where the log has been closed.
exit(status)
