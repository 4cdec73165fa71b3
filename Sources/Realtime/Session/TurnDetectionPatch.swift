/// The fields of `turn_detection` that a `session.update` names.
public struct TurnDetectionPatch: Sendable, Equatable {
  /// Always named; another kind than before starts from that kind's defaults.
  public var kind = TurnDetection.Kind.serverVAD
  public var threshold: Double?
  public var prefixPaddingMilliseconds: Int?
  public var silenceDurationMilliseconds: Int?
  public var idleTimeoutMilliseconds = Patch<Int>.absent
  public var eagerness: TurnDetection.Eagerness?
  public var createResponse: Bool?
  public var interruptResponse: Bool?

  public init() {}
}

extension TurnDetectionPatch: Decodable {
  private typealias Keys = TurnDetection.CodingKeys

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Keys.self)
    kind = try fields.requiredChoice(.type)
    for key in kind.foreignKeys where try fields.contains(key) && !fields.decodeNil(forKey: key) {
      throw fields.refusal(
        key, code: "unsupported_parameter",
        "'\(key.rawValue)' is no field of '\(kind.rawValue)': leave it out, or use '\(kind.other.rawValue)'.")
    }
    switch kind {
    case .serverVAD:
      threshold = try fields.number(.threshold)
      prefixPaddingMilliseconds = try fields.number(.prefixPaddingMilliseconds)
      silenceDurationMilliseconds = try fields.number(.silenceDurationMilliseconds)
      if fields.contains(.idleTimeoutMilliseconds) {
        idleTimeoutMilliseconds = try fields.number(.idleTimeoutMilliseconds).map(Patch.value) ?? .null
      }
    case .semanticVAD:
      eagerness = try fields.choice(.eagerness)
    }
    createResponse = try fields.decodeIfPresent(Bool.self, forKey: .createResponse)
    interruptResponse = try fields.decodeIfPresent(Bool.self, forKey: .interruptResponse)
  }
}

extension TurnDetection.Kind {
  fileprivate var other: Self { self == .serverVAD ? .semanticVAD : .serverVAD }

  /// The fields that belong to the other kind only.
  fileprivate var foreignKeys: [TurnDetection.CodingKeys] {
    switch self {
    case .serverVAD: [.eagerness]
    case .semanticVAD:
      [.threshold, .prefixPaddingMilliseconds, .silenceDurationMilliseconds, .idleTimeoutMilliseconds]
    }
  }
}

extension TurnDetection {
  /// What happens at the ends of a turn outlives a change of kind.
  func applying(_ patch: TurnDetectionPatch) -> TurnDetection {
    var detection = patch.kind == kind ? self : TurnDetection()
    detection.kind = patch.kind
    detection.threshold = patch.threshold ?? detection.threshold
    detection.prefixPaddingMilliseconds = patch.prefixPaddingMilliseconds ?? detection.prefixPaddingMilliseconds
    detection.silenceDurationMilliseconds =
      patch.silenceDurationMilliseconds ?? detection.silenceDurationMilliseconds
    switch patch.idleTimeoutMilliseconds {
    case .absent: break
    case .null: detection.idleTimeoutMilliseconds = nil
    case .value(let timeout): detection.idleTimeoutMilliseconds = timeout
    }
    detection.eagerness = patch.eagerness ?? detection.eagerness
    detection.createResponse = patch.createResponse ?? createResponse
    detection.interruptResponse = patch.interruptResponse ?? interruptResponse
    return detection
  }
}
