import Foundation
import Testing

@testable import Audio

/// Real speech at 16 kHz without silence around it, so that where it starts and ends is known.
struct Speech {
  let samples: [Int16]

  /// Synthesised by espeak-ng, which comes with Viva's Debian packages.
  static func espeak(_ text: String, voice: String = "en-us") throws -> Speech {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["espeak-ng", "--stdout", "-v", voice, text]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let wave = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return try Speech(wave: wave)
  }

  /// Ten seconds of a man's voice, which Viva's default recogniser is delivered with; `nil` when it is not installed.
  static let humanClip: URL? = {
    let root = URL(fileURLWithPath: #filePath).appending(path: "../../..").standardized
    let files = FileManager.default.enumerator(
      at: root.appending(path: ".viva/workers"), includingPropertiesForKeys: nil)
    return files?.lazy.compactMap { $0 as? URL }.first { $0.lastPathComponent == "beckett.wav" }
  }()

  static func human() throws -> Speech {
    try Speech(wave: Data(contentsOf: #require(humanClip)))
  }

  /// The clip with a loudness, of its speech without the pauses, in dBFS.
  func scaled(to level: Double) -> [Int16] {
    let frames = Self.levels(samples)
    let loud = frames.filter { $0 > frames.max()! - 20 }
    let active = 10 * log10(loud.reduce(0) { $0 + pow(10, $1 / 10) } / Double(loud.count))
    let gain = pow(10, (level - active) / 20)
    return samples.map { Int16(clamping: Int((Double($0) * gain).rounded())) }
  }

  private init(wave: Data) throws {
    let bytes = [UInt8](wave)
    guard let data = wave.range(of: Data("data".utf8)) else { throw CocoaError(.fileReadCorruptFile) }
    let rate = bytes[24..<28].reversed().reduce(0) { $0 << 8 | Int($1) }
    let resampler = try Resampler(from: rate, to: 16000, quality: 8)
    let body = bytes[(data.upperBound + 4)...]
    let all = resampler.process(PCM16.decode(body.prefix(body.count & ~1))!) + resampler.drain()

    let levels = Self.levels(all)
    let threshold = levels.max()! - 25
    let first = levels.firstIndex { $0 > threshold }!
    let last = levels.lastIndex { $0 > threshold }!
    samples = Array(all[first * 160..<(last + 1) * 160])
  }

  /// Of frames of 10 ms, in dBFS.
  private static func levels(_ samples: [Int16]) -> [Double] {
    stride(from: 0, to: samples.count - 159, by: 160).map { PCM16.level(of: Array(samples[$0..<$0 + 160])) }
  }
}
