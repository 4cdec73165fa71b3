import ArgumentParser
import Media
import Runtime

/// The media path of a voice session beside its floor, in the same run, on one thread and over loopback sockets.
@main
struct VivaBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "viva-bench",
    abstract: "CPU and allocations of the media path, per packet and per second of a session, beside the floor.",
    discussion: """
      The caller's microphone sends 50 packets a second, the two sides speak in turns. The floor is libopus, libsrtp and
      the system calls with nothing around them; both decode only what is voiced, and encode only what is said. For a
      release build:

        swift run -c release viva-bench
      """)

  @Option(help: "Sessions at once, 1 to 1000.")
  var sessions = 50

  @Option(help: "How long each run is, in seconds of conversation; the first 8 are not counted.")
  var seconds = 40

  func validate() throws {
    guard (1...1000).contains(sessions) else { throw ValidationError("--sessions must be 1 to 1000.") }
    guard seconds > Run.warmUp else { throw ValidationError("--seconds must be above \(Run.warmUp).") }
  }

  func run() throws {
    try Floor.startLibrary()
    let run = try Run(sessions: sessions, seconds: seconds)
    for profile in SRTPProfile.allCases {
      for mode in Mode.allCases {
        print("\n\(mode.rawValue), \(profile.sdesName), \(sessions) sessions")
        let floor = try run.floor(mode, profile)
        let viva = try run.server(mode, profile)
        Report.print(floor: floor, viva: viva, sessionSeconds: run.sessionSeconds)
      }
    }
  }
}
