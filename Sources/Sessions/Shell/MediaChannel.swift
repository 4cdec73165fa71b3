import Audio

/// The way of the agent's voice to a caller over RTP: a queue in front of the shard's 20 ms ticks. Implemented by the
/// gateway.
///
/// Every call comes on the thread of the session's shard and must be quick. What happens is told with `Session.voice`,
/// `silence`, `played`, `drained`, `mediaConnected` and `mediaLost`, on that thread too, but not from inside of these
/// calls. `Sendable` because a session holds it: its state is the shard's.
public protocol MediaChannel: AnyObject, Sendable {
  /// 24 kHz samples of the agent's voice, of any number, to be played behind what is there.
  func play(_ samples: [Int16])

  /// One Opus packet of it, to be sent as it is; only after `mediaConnected(takesPackets: true)`.
  ///
  /// - Parameter samples: how long it lasts, in 24 kHz samples.
  func play(packet: [UInt8], lasting samples: Int)

  /// A phrase in `phraseFormat`, to be played behind what is there.
  func play(_ phrase: EncodedPhrase)

  /// What phrases have to be for this caller; nil when they cannot be played.
  var phraseFormat: PlayoutFormat? { get }

  /// The answer is over: what does not make a packet is filled up with silence, which does not count as played.
  func endAnswer()

  /// Throws away what has not gone out. Nothing of it may be told as `played` after this.
  func clear()

  /// The session is over. Nothing is called after this.
  func close(reason: String)
}
