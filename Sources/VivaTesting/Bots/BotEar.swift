import Realtime
import Runtime
import Synchronization

/// What a bot hears, and what it makes of it.
final class BotEar: Sendable {
  fileprivate struct State {
    var report = BotReport()
    /// The bot has spoken and no answer has begun.
    var spokeAt: Instant?
    var responseIsOpen = false
    /// When the audio that has come will have been played.
    var playedUntil = Instant(nanoseconds: 0)
    var isClosed = false
    var isHangingUp = false
  }

  private let state = Mutex(State())

  var report: BotReport { state.withLock { $0.report } }
  /// Responses that are done.
  var answers: Int { state.withLock { $0.report.responses.values.reduce(0, +) } }
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Whether the agent is silent and owes no answer. An answer that does not come within 20 s is a failure.
  var isIdle: Bool {
    state.withLock { state in
      if let spoke = state.spokeAt, .now - spoke > .seconds(20) {
        state.spokeAt = nil
        state.report.errors.append("no answer within 20 s")
      }
      return state.spokeAt == nil && !state.responseIsOpen && state.playedUntil < .now
    }
  }

  func finishedSpeaking(at instant: Instant) {
    state.withLock { state in
      state.spokeAt = instant
      state.report.utterances += 1
    }
  }

  func hangUp() {
    state.withLock { $0.isHangingUp = true }
  }

  func closed(code: UInt16?, reason: String) {
    state.withLock { state in
      state.isClosed = true
      if !state.isHangingUp {
        state.report.errors.append("closed: \(code.map(String.init) ?? "no code") \(reason)")
      }
    }
  }

  func heard(_ bytes: [UInt8], at now: Instant) {
    guard let message = try? ServerMessage.decode(bytes) else {
      state.withLock {
        $0.report.errors.append("not an event: \(String(decoding: bytes.prefix(80), as: UTF8.self))")
      }
      return
    }
    state.withLock { $0.take(message, at: now) }
  }
}

extension BotEar.State {
  fileprivate mutating func take(_ message: ServerMessage, at now: Instant) {
    switch message.type {
    case "error":
      report.errors.append(message.error?.message ?? "error")
    case "response.created":
      responseIsOpen = true
    case "response.output_audio.delta":
      let milliseconds = (message.audio?.count ?? 0) / 48
      report.audioMilliseconds += milliseconds
      if let spoke = spokeAt {
        report.responseLatencies.append(now - spoke)
        spokeAt = nil
      }
      let ahead = playedUntil - now
      report.mostAhead = max(report.mostAhead, ahead)
      playedUntil = max(playedUntil, now) + .milliseconds(milliseconds)
    case "response.done":
      responseIsOpen = false
      report.responses[message.response?.status.rawValue ?? "none", default: 0] += 1
    case "conversation.item.input_audio_transcription.completed":
      if let transcript = message.transcript { report.transcripts.append(transcript) }
    default: break
    }
  }
}
