import Audio
import Realtime

/// Where the protocol's audio formats meet the codecs.
extension AudioFormat {
  var encoding: AudioEncoding {
    switch self {
    case .pcm: .pcm
    case .pcmu: .mulaw
    case .pcma: .alaw
    case .opus: .opus
    }
  }
}

extension AudioPayloadError {
  func realtimeError(param: String, bytes: Int) -> RealtimeError {
    switch self {
    case .oddByteCount: .oddAudio(param, bytes: bytes)
    case .malformedPacket:
      .invalidRequest(
        code: "invalid_value",
        message:
          "'\(param)' is no Opus packet (RFC 6716) of at most 120 ms. With audio/opus each binary frame, or each append, is one packet without a container.",
        param: param)
    }
  }
}
