import Media
import Runtime

/// Whom a datagram is for: by the tag in a STUN request, else by the address that something authentic came from, else,
/// where a NAT has bound somebody anew, by the SSRC.
extension MediaTable {
  /// For so long after something authentic came from an address, it leads to no other peer.
  private static let addressHold = Duration.seconds(1)

  mutating func slot(
    for bytes: UnsafeMutableRawBufferPointer, from source: TransportAddress, at now: Instant
  ) -> Int? {
    let known = byAddress[source]
    let datagram = UnsafeRawBufferPointer(bytes).bytes
    let kind = Demux.kind(of: datagram)
    guard kind == .stun else {
      return bySource.isEmpty ? known : self.slot(of: datagram, kind, from: source, known, at: now)
    }
    // Strangers cost no more than this look, however many there are.
    guard known != nil || limiter.allows(source, at: now), let message = STUNMessage(datagram) else { return nil }
    // A request says whom it is for, which may be another one than so far; a response does not.
    guard message.type == .bindingRequest else { return known }
    guard let tag = message.routingTag(in: datagram), has(tag) else { return nil }
    return PeerTags.slot(of: tag)
  }

  /// RTP and RTCP say whose they are. Where that is somebody else than whom their address leads to, or the address is
  /// unknown, it is for the peer to see whether it is true: nothing is learned before.
  private mutating func slot(
    of datagram: RawSpan, _ kind: Demux.Kind?, from source: TransportAddress, _ known: Int?, at now: Instant
  ) -> Int? {
    let offset: Int
    switch kind {
    case .rtp: offset = 8
    case .rtcp: offset = 4
    case .stun, .dtls, nil: return known
    }
    let ssrc = UInt32(bigEndian: datagram.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    // Who has declared what they send, sends nothing else: it is of somebody behind the same address.
    if let known, legs[known]!.declaredSources.isEmpty || legs[known]!.declaredSources.contains(ssrc) { return known }
    guard let slot = bySource[ssrc] else { return known }
    guard known != nil || limiter.allows(source, at: now) else { return nil }
    return slot
  }

  /// Of the peer that an address leads to; nil when it leads to none.
  func place(of address: TransportAddress) -> Int? { byAddress[address] }

  /// The peer has proved that it is there.
  mutating func learn(_ address: TransportAddress, leadsTo slot: Int, at now: Instant) {
    legs[slot]!.lastHeard = now
    if let other = byAddress[address] {
      guard other != slot else { return }
      // Who can forge the source of datagrams must not take another's away with credentials of their own.
      if tag(at: other) != nil, legs[other]!.lastHeard > now.advanced(by: .zero - Self.addressHold) { return }
      legs[other]?.addresses.removeAll { $0 == address }
    }
    byAddress[address] = slot
    if legs[slot]!.addresses.count == MediaLeg.maximumAddresses {
      let selected = legs[slot]!.peer.remoteAddress
      let oldest = legs[slot]!.addresses.firstIndex { $0 != selected } ?? 0
      byAddress[legs[slot]!.addresses.remove(at: oldest)] = nil
    }
    legs[slot]!.addresses.append(address)
  }

  /// Another SSRC came in authentic audio: by it the peer is found when a NAT binds it anew.
  ///
  /// Who has declared theirs are found by those alone. One that is another's stays with it: the peer that asks for it
  /// then is found by its checks only, for what is not its own would come to nothing at the other.
  mutating func learn(source: UInt32, of slot: Int) {
    guard legs[slot]!.declaredSources.isEmpty, bySource[source] == nil else { return }
    if legs[slot]!.heardSources.count == MediaLeg.maximumHeardSources {
      forget(source: legs[slot]!.heardSources.removeFirst(), of: slot)
    }
    legs[slot]!.heardSources.append(source)
    bySource[source] = slot
  }

  /// What was declared comes before what was heard.
  mutating func addDeclaredSources(of slot: Int) {
    for source in legs[slot]!.declaredSources { bySource[source] = slot }
  }

  mutating func removeSources(of slot: Int) {
    for source in legs[slot]!.declaredSources { forget(source: source, of: slot) }
    for source in legs[slot]!.heardSources { forget(source: source, of: slot) }
    legs[slot]!.heardSources.removeAll(keepingCapacity: true)
  }

  private mutating func forget(source: UInt32, of slot: Int) {
    if bySource[source] == slot { bySource[source] = nil }
  }

  mutating func forgetRoutes(to slot: Int) {
    for address in legs[slot]!.addresses where byAddress[address] == slot { byAddress[address] = nil }
    removeSources(of: slot)
  }
}
