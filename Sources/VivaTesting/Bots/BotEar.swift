import Audio
import Realtime
import Runtime

/// What a bot makes of what it hears. Sans-IO.
struct BotEar {
  /// An answer that does not begin within this is a failure.
  private static let patience = Duration.seconds(20)

  private let format: AudioFormat
  private let began: Instant
  /// The server has agreed on the format.
  private(set) var isConfigured = false
  /// Responses that are done.
  private(set) var answers = 0
  /// The bot has spoken and no answer has begun.
  private var spokeAt: Instant?
  private var responseIsOpen = false
  /// When the audio that has come will have been played.
  private var playedUntil = Instant(nanoseconds: 0)
  private var hasComplained = false

  /// - Parameter format: of the audio that is to come.
  init(_ format: AudioFormat, at now: Instant) {
    self.format = format
    began = now
  }

  /// Whether the agent is silent and owes no answer.
  func isSilent(at now: Instant) -> Bool {
    isConfigured && spokeAt == nil && !responseIsOpen && playedUntil < now
  }

  mutating func finishedSpeaking(lastVoiced: Instant) {
    spokeAt = lastVoiced
  }

  /// What should have come by now.
  mutating func overdue(at now: Instant) -> [BotFinding] {
    if !isConfigured, now - began > Self.patience, !hasComplained {
      hasComplained = true
      return [.failed("no session.updated within 20 s")]
    }
    guard let spoke = spokeAt, now - spoke > Self.patience else { return [] }
    spokeAt = nil
    return [.failed("no answer within 20 s")]
  }

  // MARK: Messages

  mutating func heard(packet: [UInt8], at now: Instant) -> [BotFinding] {
    guard format == .opus else { return [.failed("a binary frame in a session of \(format.name)")] }
    guard let samples = OpusPacket.duration(packet, at: 48_000) else { return [.failed("not an Opus packet")] }
    return audio(milliseconds: samples / 48, at: now)
  }

  mutating func heard(text: [UInt8], at now: Instant) -> [BotFinding] {
    if let bytes = AudioDeltaSize.bytes(in: text) { return audio(bytes: bytes, at: now) }
    guard let message = try? ServerMessage.decode(text) else { return [.failed("not an event")] }
    switch message.type {
    case "session.updated":
      isConfigured = true
    case "error":
      return [.failed("error event: \(message.error?.code ?? message.error?.message ?? "without a code")")]
    case "response.created":
      responseIsOpen = true
    case "response.output_audio.delta":
      return audio(bytes: message.audio?.count ?? 0, at: now)
    case "response.done":
      responseIsOpen = false
      answers += 1
      return finished(message.response)
    case "conversation.item.input_audio_transcription.completed":
      return [.transcribed]
    case "conversation.item.input_audio_transcription.failed":
      return [.failed("transcription failed: \(message.error?.code ?? "without a code")")]
    default: break
    }
    return []
  }

  private func finished(_ response: Response?) -> [BotFinding] {
    let status = response?.status.rawValue ?? "none"
    var findings = [BotFinding.responded(status: status)]
    if status != "completed", status != "cancelled" { findings.append(.failed("response \(status)")) }
    return findings
  }

  private mutating func audio(bytes: Int, at now: Instant) -> [BotFinding] {
    switch format {
    case .pcm: audio(milliseconds: bytes / 48, at: now)
    case .pcmu, .pcma: audio(milliseconds: bytes / 8, at: now)
    case .opus: [.failed("an audio delta in a session of \(format.name)")]
    }
  }

  private mutating func audio(milliseconds: Int, at now: Instant) -> [BotFinding] {
    var findings = [BotFinding.heard(milliseconds: milliseconds, ahead: max(.zero, playedUntil - now))]
    if let spoke = spokeAt {
      findings.append(.answered(after: now - spoke))
      spokeAt = nil
    }
    playedUntil = max(playedUntil, now) + .milliseconds(milliseconds)
    return findings
  }
}

/// Reads how much audio is in a `response.output_audio.delta` off its length, for it comes ten times a second.
enum AudioDeltaSize {
  private static let type = Array(#""type":"response.output_audio.delta""#.utf8)
  private static let key = Array(#""delta":""#.utf8)

  /// - Returns: nil unless the message looks like that event as Viva writes it.
  static func bytes(in text: [UInt8]) -> Int? {
    let head = text.prefix(512)
    guard head.dropFirst().starts(with: type), let start = end(of: key, in: head), text.count >= start + 2,
      text.suffix(2).elementsEqual(#""}"#.utf8)
    else { return nil }
    let length = text.count - 2 - start
    guard length > 0, length % 4 == 0 else { return nil }
    let padding = text[start..<start + length].suffix(2).count { $0 == UInt8(ascii: "=") }
    return length / 4 * 3 - padding
  }

  private static func end(of pattern: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
    text.indices.first { text[$0] == pattern[0] && text[$0...].starts(with: pattern) }.map { $0 + pattern.count }
  }
}
