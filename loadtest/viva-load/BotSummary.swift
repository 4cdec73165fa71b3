import Foundation
import Runtime
import VivaTesting

/// What bots went through, as it is printed and written.
struct BotSummary: Encodable {
  struct Latency: Encodable {
    var p50: Int
    var p95: Int
    var p99: Int
  }

  var utterances: Int
  var transcripts: Int
  var responses: [String: Int]
  /// Last voiced sample → first audio of the answer, the silence that ends a turn included.
  var responseLatencyMilliseconds: Latency?
  var audioSeconds: Int
  var mostAheadMilliseconds: Int
  /// How late this tool was with a piece of audio, at most.
  var latestMilliseconds: Int
  var errors: [String: Int]
  var calls: CallSummary?

  init(_ report: BotReport) {
    utterances = report.utterances
    transcripts = report.transcripts
    responses = report.responses
    if let p50 = report.latency(0.5), let p95 = report.latency(0.95), let p99 = report.latency(0.99) {
      responseLatencyMilliseconds = Latency(p50: p50.milliseconds, p95: p95.milliseconds, p99: p99.milliseconds)
    }
    audioSeconds = report.audioMilliseconds / 1000
    mostAheadMilliseconds = report.mostAhead.milliseconds
    latestMilliseconds = report.latest.milliseconds
    errors = report.errors
    calls = CallSummary(report.calls)
  }

  var latencyText: String {
    guard let latency = responseLatencyMilliseconds else { return "–" }
    return "p50 \(latency.p50) ms   p95 \(latency.p95) ms   p99 \(latency.p99) ms"
  }

  var lines: [String] {
    [
      row("utterances", "\(utterances), \(transcripts) transcribed"),
      row("responses", responses.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")),
      row("response latency", latencyText),
      row("agent audio heard", "\(audioSeconds) s, at most \(mostAheadMilliseconds) ms ahead"),
      row("bots were late", "\(latestMilliseconds) ms at most"),
    ] + (calls?.lines ?? []) + errorLines(errors)
  }
}

/// How many errors there were in all, and the ten kinds that came most often.
func errorLines(_ errors: [String: Int]) -> [String] {
  [row("errors", "\(errors.values.reduce(0, +))")]
    + errors.sorted { $0.value > $1.value }.prefix(10).map { "  \($0.value) × \($0.key)" }
}

/// Writes a result where `--json` says.
func write(_ result: some Encodable, to path: String?) throws {
  guard let path else { return }
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  try encoder.encode(result).write(to: URL(fileURLWithPath: path))
}
