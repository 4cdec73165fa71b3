import Media
import Runtime

/// A `Peer` on a virtual network, with all that came of it. It sends numbered packets in place of audio.
public final class VirtualPeer {
  /// A packet of audio that was taken.
  public struct Heard: Sendable {
    public var at: Instant
    public var audio: ReceivedAudio
    public var payload: [UInt8]
    /// Which of the other side's packets it is, from 0; nil when the payload is not as it was sent.
    public var number: Int?
  }

  public struct Timed: Sendable {
    public var at: Instant
    public var event: PeerEvent
  }

  /// Of 20 ms at 48 kHz.
  public static let samples: UInt32 = 960
  private static let payloadByteCount = 60

  public var peer: Peer
  /// Of the host.
  public let address: TransportAddress
  public private(set) var events: [Timed] = []
  public private(set) var heard: [Heard] = []
  public private(set) var drops: [PeerDrop: Int] = [:]
  public private(set) var spoken = 0
  /// Whether it sends a packet each 20 ms.
  public var isTalking = false
  /// Whether it does its handshake by itself, at once. Off for one that a `HandshakeQueue` serves.
  public var stepsHandshake = true
  public var nextTalk: Instant
  private var wasSilent = true
  private var buffer = [UInt8](repeating: 0, count: PeerTransmit.maximumByteCount)

  public init(_ peer: consuming Peer, address: TransportAddress, at now: Instant) {
    self.peer = peer
    self.address = address
    nextTalk = now
  }

  /// Another process takes the place of this one.
  public func replace(with peer: consuming Peer) {
    self.peer = peer
    wasSilent = true
  }

  public func receive(_ datagram: VirtualNetwork.Datagram, at now: Instant, into network: inout VirtualNetwork) {
    var bytes = datagram.bytes
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    switch peer.receive(&raw, from: datagram.source, at: address, now: now) {
    case .audio(let audio):
      let payload = bytes[audio.payload]
      heard.append(Heard(at: now, audio: audio, payload: Array(payload), number: Self.number(payload)))
    case .dropped(let reason): drops[reason, default: 0] += 1
    case .rtcp, .dtls, .stun: break
    }
    drain(at: now, into: &network)
  }

  public func advance(to now: Instant, into network: inout VirtualNetwork) {
    if let deadline = peer.nextDeadline, deadline <= now { peer.advance(to: now) }
    if isTalking, now >= nextTalk {
      nextTalk = max(nextTalk + .milliseconds(20), now)
      speak(at: now, into: &network)
    } else if !isTalking {
      nextTalk = now
      wasSilent = true
    }
    drain(at: now, into: &network)
  }

  /// Sends the next numbered packet.
  @discardableResult
  public func speak(stream: Int = 0, at now: Instant, into network: inout VirtualNetwork) -> Bool {
    guard let transmit = nextSpeech(stream, at: now) else { return false }
    spoken += 1
    wasSilent = false
    network.send(Array(buffer.prefix(transmit.byteCount)), from: address, to: transmit.destination, at: now)
    return true
  }

  /// Sends a packet of real audio.
  ///
  /// - Parameter samples: In units of the codec's clock.
  /// - Returns: Whether it went out.
  @discardableResult
  public func send(
    _ payload: [UInt8], samples: UInt32, marker: Bool, audioLevel: AudioLevel, at now: Instant,
    into network: inout VirtualNetwork
  ) -> Bool {
    guard let transmit = nextPacket(payload, samples, marker, audioLevel, at: now) else { return false }
    network.send(Array(buffer.prefix(transmit.byteCount)), from: address, to: transmit.destination, at: now)
    return true
  }

  private func nextPacket(
    _ payload: [UInt8], _ samples: UInt32, _ marker: Bool, _ audioLevel: AudioLevel, at now: Instant
  ) -> PeerTransmit? {
    var span = buffer.mutableSpan
    var raw = span.mutableBytes
    return peer.send(
      payload.span.bytes, samples: samples, marker: marker, audioLevel: audioLevel, now: now, into: &raw)
  }

  /// Sends on what another peer has heard.
  @discardableResult
  public func forward(_ heard: Heard, stream: Int = 0, at now: Instant, into network: inout VirtualNetwork) -> Bool {
    guard let transmit = nextForwarded(heard, stream, at: now) else { return false }
    network.send(Array(buffer.prefix(transmit.byteCount)), from: address, to: transmit.destination, at: now)
    return true
  }

  private func nextForwarded(_ heard: Heard, _ stream: Int, at now: Instant) -> PeerTransmit? {
    var span = buffer.mutableSpan
    var raw = span.mutableBytes
    return peer.forward(heard.audio, heard.payload.span.bytes, stream: stream, now: now, into: &raw)
  }

  private func nextSpeech(_ stream: Int, at now: Instant) -> PeerTransmit? {
    var span = buffer.mutableSpan
    var raw = span.mutableBytes
    return peer.send(
      Self.payload(spoken).span.bytes, samples: Self.samples, marker: wasSilent,
      audioLevel: AudioLevel(decibelsBelowOverload: 30, isVoice: true), stream: stream, now: now, into: &raw)
  }

  /// After each call of the peer that changes something.
  public func drain(at now: Instant, into network: inout VirtualNetwork) {
    while stepsHandshake, peer.needsHandshakeStep { peer.stepHandshake(now: now) }
    flush(at: now, into: &network)
    while let event = peer.pollEvent() { events.append(Timed(at: now, event: event)) }
  }

  private func flush(at now: Instant, into network: inout VirtualNetwork) {
    while let transmit = nextTransmit() {
      network.send(Array(buffer.prefix(transmit.byteCount)), from: address, to: transmit.destination, at: now)
    }
  }

  private func nextTransmit() -> PeerTransmit? {
    var span = buffer.mutableSpan
    var raw = span.mutableBytes
    return peer.pollTransmit(into: &raw)
  }

  // MARK: What it has seen

  // (What cannot be copied cannot stand in `#expect`.)
  public var state: PeerState { peer.state }
  public var statistics: PeerStatistics { peer.statistics }
  public var remoteAddress: TransportAddress? { peer.remoteAddress }
  public var nextDeadline: Instant? { peer.nextDeadline }
  public var roundTripTime: Duration? { peer.roundTripTime }
  public var isHandshaking: Bool { peer.isHandshaking }
  public var canCarryData: Bool { peer.canCarryData }
  public var maximumDataByteCount: Int { peer.maximumDataByteCount }
  public var streamCount: Int { peer.streamCount }
  public func checkpoint(at now: Instant) -> PeerCheckpoint? { peer.checkpoint(now: now) }
  public var isConnected: Bool { peer.state == .connected }
  public var failure: PeerFailure? { if case .failed(let failure) = peer.state { failure } else { nil } }
  public var data: [[UInt8]] { events.compactMap { if case .data(let bytes) = $0.event { bytes } else { nil } } }
  public var pathEvents: [IceEvent] {
    events.compactMap { if case .path(let event) = $0.event { event } else { nil } }
  }

  /// The other side's packets that were heard, each once.
  public var heardNumbers: Set<Int> { Set(heard.compactMap(\.number)) }

  /// The longest time without a packet between the first and the last.
  public func longestGap(from start: Instant = Instant(nanoseconds: .min)) -> Duration {
    let times = heard.map(\.at).filter { $0 >= start }
    return zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
  }

  public func forgetHeard() { heard = [] }

  // MARK: Payloads

  private static func payload(_ number: Int) -> [UInt8] {
    (0..<payloadByteCount).map { UInt8(truncatingIfNeeded: $0 < 8 ? number >> (8 * $0) : number &* 31 &+ $0) }
  }

  private static func number(_ payload: ArraySlice<UInt8>) -> Int? {
    guard payload.count == payloadByteCount else { return nil }
    var number = 0
    for (index, byte) in payload.prefix(8).enumerated() { number |= Int(byte) << (8 * index) }
    return payload.elementsEqual(Self.payload(number)) ? number : nil
  }
}
