import ArgumentParser
import Realtime
import VivaTesting

/// What bots speak and hear.
enum VoiceFormat: String, ExpressibleByArgument, CaseIterable {
  case pcm, pcmu, pcma, opus
  /// Each bot another one.
  case mixed

  /// What the bots say, encoded; bot i takes voice i, round and round.
  ///
  /// - Throws: when espeak-ng is not installed.
  func voices() throws -> [BotVoice] {
    let sentences = try Sentences.spoken()
    return formats.map { BotVoice(sentences, format: $0) }
  }

  /// What bots say in calls; in order, as above. Opus in place of PCM.
  func callVoices() throws -> [CallVoice] {
    let sentences = try Sentences.spoken()
    let formats: [AudioFormat] = self == .mixed ? [.opus, .pcmu, .pcma] : formats
    return formats.map { CallVoice(sentences, format: $0) }
  }

  private var formats: [AudioFormat] {
    switch self {
    case .pcm: [.pcm]
    case .pcmu: [.pcmu]
    case .pcma: [.pcma]
    case .opus: [.opus]
    case .mixed: [.pcm, .pcmu, .pcma, .opus]
    }
  }
}
