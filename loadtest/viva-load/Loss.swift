import ArgumentParser
import Foundation
import VivaTesting

struct Loss: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say recordings over a bad network in virtual time, with Viva's own sender, jitter buffer and decoder.",
    discussion: """
      Needs no server. All clips are said in one call, one after the other; what was heard is written as WAV files of \
      16 kHz, and a line of JSON is printed for each clip. loadtest/measure/loss.py runs it, and has it transcribed.
      """)

  @Option(help: "A folder of WAV files, said in the order of their names.")
  var clips: String
  @Option(help: "The folder for what was heard.")
  var output: String
  @Option(help: "Packets lost either way, in percent.")
  var loss = 0.0
  @Option(help: "How many of them are lost together, on the average.")
  var burst = 1.0
  @Option(help: "A packet comes up to so many milliseconds late, evenly spread; none overtakes another.")
  var jitter = 0
  @Option(help: "One way, in milliseconds.")
  var delay = 20
  @Flag(inversion: .prefixedNo, help: "Whether the sender may use in-band forward error correction.")
  var fec = true
  @Flag(help: "Ask for lost packets again.")
  var nack = false
  @Option(help: "Of the network.")
  var seed: UInt64 = 1

  /// Times in milliseconds, shares of the clip.
  private struct Line: Encodable {
    var clip: String
    var packetsSent: Int
    var packetsLost: Int
    var packetsRecovered: Int
    var concealedShare: Double
    var silentConcealedShare: Double
    var recoveredShare: Double
    var waitMean: Double
    var waitP95: Double
    var targetMean: Double
    var targetP95: Double
    var expectedLossPercent: Int
  }

  func validate() throws {
    guard (0...90).contains(loss), (1...100).contains(burst), (0...1000).contains(jitter), (0...1000).contains(delay)
    else { throw ValidationError("--loss is 0 to 90, --burst 1 to 100, --jitter and --delay 0 to 1000.") }
  }

  func run() throws {
    var conditions = NetworkConditions(loss: burst == 1 ? loss / 100 : 0, delay: .milliseconds(delay))
    if burst > 1 { conditions.bursts = .init(share: loss / 100, length: burst) }
    conditions.jitter = .milliseconds(jitter)
    let call = VirtualVoiceCall(conditions, fec: fec, nack: nack, seed: seed)
    let folder = URL(fileURLWithPath: output)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let names = try FileManager.default.contentsOfDirectory(atPath: clips).filter { $0.hasSuffix(".wav") }.sorted()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    for name in names {
      let clip = try Utterance(WAVFile(path: clips + "/" + name), transcript: "")
      let heard = call.say(clip.samples)
      try Data(WAVFile(sampleRate: 16_000, samples: heard.samples).bytes).write(
        to: folder.appendingPathComponent(name))
      let line = Self.line(name, heard, expectedLoss: call.expectedLoss)
      say(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
  }

  private static func line(_ name: String, _ heard: VirtualVoiceCall.Reception, expectedLoss: Int) -> Line {
    let spoken = Double(max(1, heard.spoken))
    return Line(
      clip: name, packetsSent: heard.packetsSent, packetsLost: heard.packetsLost,
      packetsRecovered: heard.packetsRecovered, concealedShare: Double(heard.concealed) / spoken,
      silentConcealedShare: Double(heard.concealedSilent) / spoken,
      recoveredShare: Double(heard.packetsRecovered) / Double(max(1, heard.packetsSent)),
      waitMean: mean(heard.waits), waitP95: heard.waits.quantile(0.95) ?? 0, targetMean: mean(heard.targets),
      targetP95: heard.targets.quantile(0.95) ?? 0, expectedLossPercent: expectedLoss)
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(1, values.count))
  }
}
