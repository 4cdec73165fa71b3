import Foundation
import VivaTesting

/// What the bots say: sentences of an interview, spoken by espeak-ng when they are needed.
enum Sentences {
  private static let texts = [
    "The hardest part was moving the database without any downtime.",
    "I led a team of four people and we shipped the first version in three months.",
    "I think my biggest strength is that I stay calm when things break.",
    "We measured the latency and found that the cache was almost never used.",
    "Could you repeat the question, please?",
    "I prefer to write the tests before I change the old code.",
  ]

  /// - Throws: when espeak-ng is not installed.
  static func spoken() throws -> [Utterance] {
    try texts.map { text in
      let espeak = Process()
      espeak.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      espeak.arguments = ["espeak-ng", "--stdout", "-s", "160", text]
      let output = Pipe()
      espeak.standardOutput = output
      try espeak.run()
      let wav = Array(output.fileHandleForReading.readDataToEndOfFile())
      espeak.waitUntilExit()
      return try Utterance(WAVFile(bytes: wav), transcript: text)
    }
  }
}
