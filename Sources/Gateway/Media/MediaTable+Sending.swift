import Media
import Runtime

/// What peers have to send, on its way into the sockets.
extension MediaTable {
  /// After every call of a peer that changes something.
  mutating func drain(_ slot: Int, at now: Instant) {
    while transmit(slot) {}
    guard let tag = tag(at: slot) else { return }
    while let event = legs[slot]!.peer.pollEvent() { notices.append(Notice(tag: tag, event: event)) }
    guard legs[slot]!.peer.isHandshaking || legs[slot]!.isQueued else { return }
    legs[slot]!.isQueued = legs[slot]!.peer.isHandshaking
    if let evicted = legs[slot]!.peer.queueHandshake(in: &handshakes, as: slot), self.tag(at: evicted) != nil {
      figures.handshakesEvicted &+= 1
      legs[evicted]!.isQueued = false
      legs[evicted]!.peer.evictHandshake(now: now)
    }
  }

  private mutating func transmit(_ slot: Int) -> Bool {
    let index = outbound(of: slot)
    var buffer = sockets[index].outbound.nextSlot.mutableBytes
    guard let transmit = legs[slot]!.peer.pollTransmit(into: &buffer) else { return false }
    enqueue(transmit, by: index)
    return true
  }

  /// The socket whose next slot a peer may write into.
  mutating func outbound(of slot: Int) -> Int {
    let index = socket(for: legs[slot]!.peer.localAddress)
    if sockets[index].outbound.isFull { flush(index) }
    return index
  }

  /// Takes what a peer has written into the next slot of a socket.
  mutating func enqueue(_ transmit: PeerTransmit, by index: Int) {
    let actual = socket(for: transmit.source)
    if actual != index {
      if sockets[actual].outbound.isFull { flush(actual) }
      let written = UnsafeRawBufferPointer(rebasing: sockets[index].outbound.nextSlot[..<transmit.byteCount])
      sockets[actual].outbound.nextSlot.copyMemory(from: written)
    }
    let from = sockets[actual].isWildcard ? UDPAddress(transmit.source) : UDPAddress(.unspecified)
    sockets[actual].outbound.append(transmit.byteCount, to: UDPAddress(transmit.destination), from: from)
    figures.sent(transmit.byteCount)
  }

  private func socket(for source: TransportAddress) -> Int {
    for index in 0..<socketCount where sockets[index].serves(source) { return index }
    return 0
  }

  mutating func flush() {
    for index in 0..<socketCount { flush(index) }
  }

  private mutating func flush(_ index: Int) { figures.sendDrops &+= UInt64(sockets[index].flush()) }
}
