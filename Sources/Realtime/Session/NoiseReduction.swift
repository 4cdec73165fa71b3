extension RealtimeSession {
  /// What cleans the user's audio before it is listened to.
  public struct NoiseReduction: Sendable, Equatable {
    public enum Field: String, Sendable, CaseIterable {
      case near = "near_field"
      case far = "far_field"
    }

    public var field: Field?
    /// 0 or more; nil is the server's default, 1.
    public var strength: Double?

    public init(field: Field? = nil, strength: Double? = nil) {
      self.field = field
      self.strength = strength
    }

    /// Fields that are absent keep their value.
    func applying(_ patch: NoiseReduction) -> NoiseReduction {
      NoiseReduction(field: patch.field ?? field, strength: patch.strength ?? strength)
    }
  }
}

extension RealtimeSession.NoiseReduction: Codable {
  private enum CodingKeys: String, CodingKey {
    case field = "type"
    case strength
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    field = try fields.choice(.field)
    strength = try fields.number(.strength)
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encodeIfPresent(field?.rawValue, forKey: .field)
    try fields.encodeIfPresent(strength, forKey: .strength)
  }
}
