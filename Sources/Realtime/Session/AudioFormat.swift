/// How audio travels, mono all of it.
public enum AudioFormat: Sendable, Equatable, CaseIterable {
  /// `audio/pcm`: 16-bit little-endian samples at 24 kHz.
  case pcm
  /// `audio/pcmu`: G.711 µ-law at 8 kHz.
  case pcmu
  /// `audio/pcma`: G.711 A-law at 8 kHz.
  case pcma
  /// `audio/opus`: Viva's own, a packet (RFC 6716) at a time.
  case opus

  /// Its name in the protocol: `audio/pcm`.
  public var name: String {
    switch self {
    case .pcm: "audio/pcm"
    case .pcmu: "audio/pcmu"
    case .pcma: "audio/pcma"
    case .opus: "audio/opus"
    }
  }

  /// The one rate in Hz that a client may name; nil where a packet tells its own.
  private var rate: Int? {
    switch self {
    case .pcm: 24_000
    case .pcmu, .pcma: 8000
    case .opus: nil
    }
  }
}

extension AudioFormat: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, rate
  }

  public init(from decoder: any Decoder) throws {
    if (try? decoder.singleValueContainer().decode(String.self)) != nil {
      throw RealtimeError.invalidRequest(
        code: "invalid_type", message: "An audio format is an object like {\"type\":\"audio/pcm\",\"rate\":24000}.",
        param: parameterPath(decoder.codingPath))
    }
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let name = try fields.decode(String.self, forKey: .type)
    guard let format = Self.allCases.first(where: { $0.name == name }) else {
      throw fields.refusal(.type, .unknownValue(name, allowed: Self.allCases.map(\.name)))
    }
    if let rate = format.rate, try fields.number(.rate) ?? rate != rate {
      throw fields.refusal(.rate, code: "unsupported_value", "\(name) has a rate of \(rate) Hz: resample to it.")
    }
    self = format
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(name, forKey: .type)
    if self == .pcm { try fields.encode(rate, forKey: .rate) }
  }
}
