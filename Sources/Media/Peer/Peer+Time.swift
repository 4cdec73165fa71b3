import Runtime

extension Peer {
  /// When `advance` has something to do; nil for never. The handshake's steps are not in it: the shard's queue has them.
  public var nextDeadline: Instant? {
    guard !isOver else { return nil }
    var deadline = path.nextDeadline ?? .never
    if state == .connecting { deadline = min(deadline, connectDeadline) }
    if isHandshaking { deadline = min(deadline, dtls?.nextDeadline(now: now) ?? .never) }
    if let handshakeAfter, isHandshakeWanted { deadline = min(deadline, handshakeAfter) }
    if remoteAddress != nil, keys != nil {
      deadline = min(deadline, schedule.nextDeadline)
      for index in sources.indices { deadline = min(deadline, sources[index].nack?.nextDeadline ?? .never) }
    }
    return deadline == .never ? nil : deadline
  }

  /// Lets time pass: time-outs, checks, reports, requests for lost packets.
  public mutating func advance(to now: Instant) {
    self.now = now
    guard !isOver else { return }
    if let event = path.advance(to: now) { take(event) }
    if isHandshaking {
      dtls?.handleTimeout(now: now)
      drainDTLS()
    }
    if state == .connecting, now >= connectDeadline {
      fail(.timedOut)
      return
    }
    if let handshakeAfter, now >= handshakeAfter, isHandshakeWanted { beginHandshakeAsClient() }
    guard keys != nil else { return }
    if schedule.isDue(at: now) { isReportDue = true }
    takeReservations()
  }

  /// Whether it is for this side to begin a handshake that was pushed out.
  private var isHandshakeWanted: Bool {
    guard case .dtls(_, .client, _) = configuration.keying else { return false }
    return dtls == nil && keys == nil && remoteAddress != nil
  }

  /// The time that a packet takes there and back, smoothed, as reports of the other side tell; nil before the first.
  public var roundTripTime: Duration? {
    for index in 0..<streams.count {
      if let time = streams[index].report.roundTripTime { return time }
    }
    return nil
  }

  /// Of what is sent in the first stream, 0 to 1, smoothed, as reports of the other side tell.
  public var lossFraction: Double { streams.count > 0 ? streams[0].report.lossFraction : 0 }
}

// MARK: - Reserved packet indices

extension Peer {
  /// It is durable: the stream may go on up to there.
  public mutating func confirm(_ reservation: SRTPReservation) { sender?.confirm(reservation) }

  /// It could not be made durable. It will be asked for again.
  public mutating func abandon(_ reservation: SRTPReservation) { sender?.abandon(reservation) }

  /// About once a second, and before anything is sent.
  mutating func takeReservations() {
    guard sender != nil else { return }
    for index in 0..<streams.count {
      guard let reservation = sender!.takeReservation(streams[index].ssrc) else { continue }
      streams[index].reservation = reservation
      if configuration.reservesDurably {
        tell(.reservation(reservation))
      } else {
        sender!.confirm(reservation)
      }
    }
  }
}

extension Instant {
  fileprivate static let never = Instant(nanoseconds: .max)
}
