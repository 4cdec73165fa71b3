/// What one client, one key, and all of them may take.
public struct LimitSettings: Sendable, Equatable {
  /// At once, in all: 1...1000000.
  public var sessions = 1000
  /// At once, with the same key: 1...1000000.
  public var keySessions = 1000
  /// WebSocket upgrades and calls with the same key, a minute: 1...10000000.
  public var connectionsPerMinute = 6000
  /// Wrong keys from the same address, a minute: 1...1000000.
  public var failedLoginsPerMinute = 60

  /// Largest WebSocket message, in bytes. 15 MiB of audio are 20 MiB of base64.
  public var messageBytes = 22 << 20
  /// Of one connection: 1...1000000.
  public var messagesPerSecond = 500
  /// How much faster than real time one client's audio is read; more waits in its socket. 1...100.
  public var audioRate = 8.0
  /// Bytes that may wait for a client that does not read, before it is closed with 1008.
  public var sendQueueBytes = 8 << 20

  /// With the same key: 1...10000000.
  public var responsesPerMinute = 1000
  /// In and out, with the same key: 1...1000000000.
  public var tokensPerMinute = 1_000_000

  /// Longest uncommitted input audio, in seconds.
  public var inputBufferSeconds = 300
  /// A user turn is cut and committed after this many seconds of speech, where the server finds the turns.
  public var turnSeconds = 60
  /// Audio of a conversation that `conversation.item.retrieve` can give back, in seconds, 0...600: the newest.
  public var retainedAudioSeconds = 20
  /// Items a conversation may hold.
  public var items = 2000
  /// Responses outside the conversation that one session makes at once: 1...1000.
  public var outOfBandResponses = 8
  /// Connections that join one session with `?call_id=`: 0...1000.
  public var sidebands = 8
  /// Guests of one room, with media of their own: 0...1000.
  public var roomGuests = 16
  /// A session ends after this many minutes.
  public var sessionMinutes = 60

  public init() {}
}
