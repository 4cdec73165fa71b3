import ArgumentParser
import Foundation
import Runtime
import VivaTesting

struct Talk: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let bots hold conversations for a while; print what they heard, and what the server cost.")

  @OptionGroup var options: ServerOptions
  @Option(help: "How many bots at once.")
  var bots = 10
  @Option(help: "How long each talks, in seconds.")
  var seconds = 60
  @Option(help: "Over how many seconds the bots arrive; ten is about one turn and its answer.")
  var ramp = 10
  @Option(help: "How they talk: websocket; webrtc, with a sideband for the events; srtp, beside a WebSocket.")
  var transport = Transport.websocket
  @Option(
    help: "What they speak and hear: pcm, pcmu, pcma, opus, or mixed, each bot another one. Over RTP, pcm is opus.")
  var format = VoiceFormat.pcm
  @Option(help: "Threads that carry the bots over WebRTC or SRTP.")
  var threads = 1

  private struct Result: Encodable {
    var command = "talk"
    var bots: Int
    var seconds: Int
    var ramp: Int
    var transport: String
    var format: String
    var talk: BotSummary
    var sessionSeconds: Double
    var server: ProcessReport?
    var tool: ProcessReport?
    var drops: DropReport?
    var samples: [Monitor.Sample]
  }

  func validate() throws {
    guard bots > 0, seconds > 0, ramp >= 0, (1...64).contains(threads) else {
      throw ValidationError("--bots, --seconds and --threads must be positive.")
    }
  }

  func run() async throws {
    try raiseOpenFileLimit(for: bots * (transport == .websocket ? 1 : 4) + 100)
    let tally = BotTally()
    let crowd = try crowd(tally)
    say("\(bots) bots, \(transport.rawValue), \(format.rawValue), \(seconds) s each, arriving over \(ramp) s")
    let before = DropReport(pid: options.pid)
    let monitor = Monitor(pid: options.pid, tally: tally)
    await crowd.talk(bots: bots, seconds: seconds, ramp: ramp)
    // The server closes its side.
    try await Task.sleep(for: .seconds(2))
    monitor.stop()
    var result = result(tally, monitor.samples)
    if transport != .websocket { result.drops = DropReport(pid: options.pid).since(before) }
    for line in result.talk.lines + (result.drops?.lines ?? []) + (result.server?.lines("server") ?? [])
      + (result.tool?.lines("bots") ?? [])
    {
      say(line)
    }
    try write(result, to: options.json)
    if tally.errorCount > 0 { throw ExitCode(99) }
  }

  private func crowd(_ tally: BotTally) throws -> Crowd {
    switch transport {
    case .websocket: return Crowd(server: options.server, voices: try format.voices(), tally: tally)
    case .webrtc, .srtp:
      let each = (bots + threads - 1) / threads
      let lines = try (0..<threads).map { _ in try CallLine(calls: each, host: options.host, tally: tally) }
      let voices = try format.callVoices()
      return transport == .webrtc
        ? Crowd(server: options.server, voices: voices, lines: lines)
        : Crowd(server: options.server, voices: voices, sdesLines: lines)
    }
  }

  private func result(_ tally: BotTally, _ samples: [Monitor.Sample]) -> Result {
    let sessionSeconds = tally.sessionTime.inSeconds
    // From the last arrival to the first departure.
    let steady = ramp < seconds ? Double(ramp)...Double(seconds) : nil
    func report(_ process: KeyPath<Monitor.Sample, ProcessUsage?>) -> ProcessReport? {
      ProcessReport(samples, process, steady: steady, sessionSeconds: sessionSeconds)
    }
    return Result(
      bots: bots, seconds: seconds, ramp: ramp, transport: transport.rawValue, format: format.rawValue,
      talk: BotSummary(tally.report),
      sessionSeconds: sessionSeconds, server: report(\.server), tool: report(\.tool), samples: samples)
  }
}
