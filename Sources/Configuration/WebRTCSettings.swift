/// `webrtc:`, calls whose audio goes over UDP.
public struct WebRTCSettings: Sendable, Equatable {
  /// Without it `POST /v1/realtime/calls` is refused.
  public var enabled = true
  /// The UDP port of the first shard; each further one has the next. 0 lets the system choose all of them.
  public var port = 0
  /// IP addresses to bind, without brackets; `0.0.0.0` and `::` are all of their family.
  public var listen = ["127.0.0.1"]
  /// IP addresses that clients are told to send to, most wanted first; empty is those of `listen`, or all of the machine's
  /// where that says `0.0.0.0` or `::`.
  public var advertise: [String] = []
  /// DTLS handshakes of one shard that have begun and not ended; one more pushes the oldest out. 1...100000.
  public var halfOpenHandshakes = 256
  /// A DTLS handshake that takes longer has failed, 1...120 seconds.
  public var handshakeTimeoutSeconds = 15
  /// A call that was answered and does not come about within this time ends, 1...300 seconds.
  public var connectTimeoutSeconds = 30
  /// How long a call whose client has fallen silent is kept for its return, counted from when media may no longer be
  /// sent to it (30 s after its last sign of life, RFC 7675): 0...3600 seconds.
  public var graceSeconds = 15

  public init() {}
}
