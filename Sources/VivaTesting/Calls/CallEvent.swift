import Realtime

/// What a bot needs to know of a call's events, as they come over a sideband.
enum CallEvent: Sendable, Equatable {
  /// The sideband is there.
  case joined
  case responseBegan
  case responseDone(status: String)
  case playing(Bool)
  case transcribed
  case failed(String)

  /// Most events are known by their type to be of no interest; only few are read.
  ///
  /// - Returns: nil when there is nothing to know.
  init?(_ text: [UInt8]) {
    guard let type = Self.type(of: text) else {
      self = .failed("not an event")
      return
    }
    switch type {
    case "session.created": self = .joined
    case "response.created": self = .responseBegan
    case "response.done":
      self = .responseDone(status: (try? ServerMessage.decode(text))?.response?.status.rawValue ?? "none")
    case "output_audio_buffer.started": self = .playing(true)
    case "output_audio_buffer.stopped", "output_audio_buffer.cleared": self = .playing(false)
    case "conversation.item.input_audio_transcription.completed": self = .transcribed
    case "conversation.item.input_audio_transcription.failed":
      self = .failed("transcription failed: \(Self.code(text))")
    case "error": self = .failed("error event: \(Self.code(text))")
    default: return nil
    }
  }

  private static let key = Array(#""type":""#.utf8)

  /// The member `type` of the object itself, wherever among its members it stands; without white space around it, which
  /// the server does not send.
  private static func type(of text: [UInt8]) -> String? {
    var depth = 0
    var index = 0
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        if depth == 1, text[index...].starts(with: key) {
          let value = text[(index + key.count)...]
          return value.firstIndex(of: UInt8(ascii: "\"")).map { String(decoding: value[..<$0], as: UTF8.self) }
        }
        index += 1
        while index < text.count, text[index] != UInt8(ascii: "\"") {
          index += text[index] == UInt8(ascii: "\\") ? 2 : 1
        }
      default: break
      }
      index += 1
    }
    return nil
  }

  private static func code(_ text: [UInt8]) -> String {
    let error = (try? ServerMessage.decode(text))?.error
    return error?.code ?? error?.message ?? "without a code"
  }
}
