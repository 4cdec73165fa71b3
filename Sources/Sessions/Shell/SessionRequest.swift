import Realtime

/// What somebody asks for who opens a session.
public struct SessionRequest: Sendable {
  /// The `model` of the URL; nil for what the patch or the configuration names.
  public var agent: String?
  public var kind: RealtimeSession.Kind
  /// The session that an ephemeral key brings with it.
  public var patch: SessionPatch?
  /// What the request itself asks for, on top of that.
  public var update: SessionPatch?
  /// The server key behind it.
  public var owner: String

  public init(
    agent: String? = nil, kind: RealtimeSession.Kind = .realtime, patch: SessionPatch? = nil,
    update: SessionPatch? = nil, owner: String
  ) {
    self.agent = agent
    self.kind = kind
    self.patch = patch
    self.update = update
    self.owner = owner
  }
}

/// Why a session was not opened, or not joined.
public enum Refusal: Error, Sendable, Equatable {
  case unknownAgent(String, known: [String])
  /// All places of the server are taken.
  case full(limit: Int)
  /// All places of the key are taken.
  case keyFull(limit: Int)
  case sidebandsFull(limit: Int)
  /// The session that the key brings cannot be had.
  case invalid(RealtimeError)
}

/// What is known of a live session from outside.
public struct SessionSummary: Sendable {
  public var id: String
  public var agent: String
  public var kind: RealtimeSession.Kind
  public var owner: String
  public var age: Duration
}
