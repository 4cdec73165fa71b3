import Realtime

/// A caller over RTP, as the gateway tells of it.
///
/// All on the thread of `shard`: elsewhere it traps. Nothing here waits, hops or keeps what it is given, so that a
/// buffer can be filled again once the call is over.
extension Session {
  /// The agent's voice goes this way from now on. A session of a WebSocket becomes one of a media leg.
  public nonisolated func attach(_ media: any MediaChannel) {
    assumeIsolated { session in
      guard !session.isOver else { return media.close(reason: "the session has ended") }
      session.media = media
    }
  }

  /// The leg carries sound, for the first time, or again after `mediaLost`. Nothing is played before.
  ///
  /// - Parameter takesPackets: the far end hears Opus, so that packets of the synthesizer can go out as they are.
  public nonisolated func mediaConnected(takesPackets: Bool) {
    assumeIsolated { $0.take(.mediaConnected(takesPackets: takesPackets)) }
  }

  /// The leg carries no sound for now: the agent waits in mid-word. Ticks of silence go on, so that the caller's turn
  /// ends. Give up with `disconnected`.
  public nonisolated func mediaLost() {
    assumeIsolated { $0.take(.mediaLost) }
  }

  /// The caller's voice, 16 kHz: what came since the last tick, decoded and without gaps.
  public nonisolated func voice(_ samples: [Int16]) {
    assumeIsolated { $0.take(.voice(samples)) }
  }

  /// So many 16 kHz samples of silence since the last tick, as told by the sender's audio level or by DTX.
  public nonisolated func silence(samples: Int) {
    assumeIsolated { $0.take(.silence(samples: samples)) }
  }

  /// So many more 24 kHz samples of what was handed over have gone out. To be told before the `voice` of the same tick,
  /// so that what the caller interrupts is cut where it was; filling does not count.
  public nonisolated func played(samples: Int) {
    assumeIsolated { $0.take(.played(samples: samples)) }
  }

  /// Nothing is left of what was handed over. Need not be told where `played` has counted all of it.
  public nonisolated func drained() {
    assumeIsolated { $0.take(.drained) }
  }

  // MARK: Events

  /// Somebody's events go this way from now on: their data channel is open. They get what was held for them; or where
  /// that has become too much, or they have had a channel before, `session.created` with the session as it is.
  ///
  /// From any thread.
  public nonisolated func openEvents(_ channel: any ClientChannel, of id: ParticipantID = .client) {
    onShard { session in
      guard !session.isOver, session.participants[id] != nil else {
        return channel.close(code: 1000, reason: "the session has ended")
      }
      guard let held = session.participants[id]?.open(channel) else {
        return session.deliver(session.message(.sessionCreated(session.core.session), to: id))
      }
      // It was theirs when it was sent, whoever else it went to.
      for message in held { session.participants[id]?.send(message) }
    }
  }
}
