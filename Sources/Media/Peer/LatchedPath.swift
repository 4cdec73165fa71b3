import Runtime

/// Where a peer without ICE is: where the newest authenticated packet came from. Nothing is sent before the first.
struct LatchedPath: Sendable {
  let configuration: IceConfiguration
  private(set) var selected: TransportAddress?
  private(set) var state = IceState.new
  private var lastPacket = Instant(nanoseconds: 0)

  init(_ configuration: IceConfiguration) {
    self.configuration = configuration
  }

  /// An authenticated packet that was not seen before.
  ///
  /// - Parameter isNewest: Whether it is newer than all before. Others may be stragglers of an address that was left.
  mutating func received(from source: TransportAddress, isNewest: Bool, at now: Instant) -> IceEvent? {
    guard source == selected || isNewest else { return nil }
    lastPacket = now
    let before = (selected, state)
    selected = source
    state = .connected
    if before.0 == nil { return .selected(source) }
    if before.0 != source { return .addressChanged(source) }
    return before.1 == .disconnected ? .reconnected : nil
  }

  var nextDeadline: Instant? {
    guard selected != nil else { return nil }
    return lastPacket + (state == .connected ? configuration.disconnectedAfter : configuration.consentTimeout)
  }

  mutating func advance(to now: Instant) -> IceEvent? {
    guard selected != nil else { return nil }
    if now >= lastPacket + configuration.consentTimeout {
      selected = nil
      state = .expired
      return .consentExpired
    }
    if state == .connected, now >= lastPacket + configuration.disconnectedAfter {
      state = .disconnected
      return .disconnected
    }
    return nil
  }
}
