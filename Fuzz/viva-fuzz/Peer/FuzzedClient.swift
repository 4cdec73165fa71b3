import Media
import Runtime

/// Makes datagrams as the other side of a call would, which has the passwords and the keys, and as others would.
struct FuzzedClient: ~Copyable {
  /// What a datagram was made to be.
  enum Seal {
    case none
    /// STUN with a message integrity that is right.
    case stun
    /// SRTP under the right key; what was in it.
    case rtp([UInt8])
    case rtcp
  }

  struct Datagram {
    var bytes: [UInt8]
    var seal: Seal
  }

  private(set) var generations: [(local: IceCredentials, remote: IceCredentials)] = []
  let keys: SRTPKeyingMaterial
  private var sender: SRTPSender
  private var stranger: SRTPSender
  private var sequenceNumbers: [UInt16] = []
  private var timestamps = [UInt32](repeating: 0xFFFF_0000, count: sourceCount)
  /// Of the peer's own checks.
  var checks: [TransactionID] = []

  static let sourceCount = 6

  static func source(_ index: Int) -> UInt32 { 0x1000_0000 + UInt32(index) }

  init(_ profile: SRTPProfile) {
    func key(_ byte: UInt8) -> SRTPMasterKey {
      SRTPMasterKey(
        profile: profile, keyAndSalt: Array(repeating: byte, count: profile.keyLength + profile.saltLength))!
    }
    keys = SRTPKeyingMaterial(local: key(1), remote: key(2))!
    guard let sender = try? SRTPSender(keys.remote), let stranger = try? SRTPSender(key(3)) else {
      fatalError("no SRTP")
    }
    self.sender = sender
    self.stranger = stranger
    var generator = SplitMix64(state: 1)
    for index in 0..<Self.sourceCount {
      try! self.sender.addStream(Self.source(index), using: &generator)
      try! self.stranger.addStream(Self.source(index), using: &generator)
      sequenceNumbers.append(self.sender.nextIndex(Self.source(index))!.sequenceNumber.rawValue &- 1)
    }
    renewCredentials()
  }

  /// For an ICE restart.
  mutating func renewCredentials() {
    let number = generations.count
    func password(_ side: String) -> String { String("\(side)\(number)PasswordOf22Characters".prefix(24)) }
    generations.append(
      (
        IceCredentials(ufrag: "local\(number)", password: password("local"))!,
        IceCredentials(ufrag: "remote\(number)", password: password("remote"))!
      ))
  }

  /// A message of STUN with a hostile attribute, perhaps: right, or wrong in one way.
  mutating func stun(_ script: inout FuzzedScript) -> Datagram {
    let (flags, tag) = (script.byte(), script.byte())
    let type: STUNMessageType = [.bindingRequest, .bindingSuccess, .bindingRequest, .bindingError][Int(flags & 3)]
    let isRequest = type == .bindingRequest
    let credentials = generations[max(0, generations.count - 1 - Int(tag >> 7))]
    let isOfCheck = tag & 0x40 != 0 && !checks.isEmpty
    let id = isOfCheck ? checks[Int(tag & 7) % checks.count] : TransactionID(high: UInt32(tag & 0x3F), low: 7)
    let (isForged, isBare, isForOther) = (flags & 8 != 0, flags & 16 != 0, flags & 32 != 0)
    let password = isRequest ? credentials.local.password : credentials.remote.password

    let bytes = Self.write(1000) { buffer in
      var writer = STUNMessageWriter(type, id, into: &buffer)
      if isRequest {
        let ufrag = isForOther ? "other" : credentials.local.ufrag
        writer.appendUsername(Array(ufrag.utf8), Array(credentials.remote.ufrag.utf8), into: &buffer)
        writer.appendPriority(UInt32(script.byte()) << 24 | 0x00FF_FFFF, into: &buffer)
        writer.appendIceControlling(tieBreaker: 1, into: &buffer)
        if flags & 4 != 0 { writer.appendUseCandidate(into: &buffer) }
      }
      if flags & 64 != 0 {
        writer.append(STUNAttributeType(rawValue: script.uint16()), script.blob(), into: &buffer)
      }
      let key = MessageIntegrityKey(Array((isForged ? "wrongPasswordOf22Characters" : password).utf8))
      if !isBare { writer.appendMessageIntegrity(key, into: &buffer) }
      if flags & 128 == 0 { writer.appendFingerprint(into: &buffer) }
      return writer.byteCount
    }
    let isRight = !isForged && !isBare && (isRequest ? !isForOther : isOfCheck && type == .bindingSuccess)
    return Datagram(bytes: bytes, seal: isRight ? .stun : .none)
  }

  /// SRTP around a packet whose header can be read; all else of it is the script's. Nil when it has no header or number.
  mutating func rtp(_ script: inout FuzzedScript) -> Datagram? {
    let (flags, first, step) = (script.byte(), script.byte(), Int(Int8(bitPattern: script.byte())))
    let source = Int(flags & 7) % Self.sourceCount
    // Mostly small steps; the ends of the range are jumps.
    sequenceNumbers[source] &+= UInt16(truncatingIfNeeded: abs(step) > 120 ? step * 257 : step)
    timestamps[source] &+= UInt32(truncatingIfNeeded: Int(Int8(bitPattern: script.byte())) * 960)
    let payloadType: UInt8 = flags & 0x30 == 0x30 ? script.byte() : flags & 0x10 != 0 ? 110 : 111
    var packet = [0x80 | first & 0x3F, flags & 0x40 << 1 | payloadType & 0x7F]
    packet += Self.bytes(sequenceNumbers[source])
    packet += Self.bytes(timestamps[source]) + Self.bytes(Self.source(source)) + script.blob()
    return seal(packet, source, isForged: flags & 8 != 0)
  }

  /// SRTCP around a compound that is the script's, but for who has sent it.
  mutating func rtcp(_ script: inout FuzzedScript) -> Datagram? {
    let flags = script.byte()
    var compound = script.blob(unit: 4)
    while compound.count < 8 { compound.append(0) }
    compound[0] |= 0x80
    if !(192...223).contains(compound[1]) { compound[1] = 200 + compound[1] % 7 }
    let source = Int(flags & 7) % Self.sourceCount
    compound.replaceSubrange(4..<8, with: Self.bytes(Self.source(source)))
    return seal(compound, source, isForged: flags & 8 != 0)
  }

  /// Asks for packets of `stream` again (RFC 4585, section 6.2.1).
  mutating func nack(_ stream: UInt32, newest: UInt16, _ script: inout FuzzedScript) -> Datagram? {
    let count = UInt16(script.byte() & 7) + 1
    var compound: [UInt8] = [0x81, 205] + Self.bytes(count + 2) + Self.bytes(Self.source(0)) + Self.bytes(stream)
    for entry in 0..<count {
      compound += Self.bytes(newest &- UInt16(script.byte()) &- entry * 17) + Self.bytes(script.uint16())
    }
    return seal(compound, 0, isForged: false)
  }

  private mutating func seal(_ packet: [UInt8], _ source: Int, isForged: Bool) -> Datagram? {
    let ssrc = Self.source(source)
    let isRTCP = (192...223).contains(packet[1])
    if let reservation = sender.takeReservation(ssrc) { sender.confirm(reservation) }
    if let reservation = stranger.takeReservation(ssrc) { stranger.confirm(reservation) }
    let bytes = Self.write(1500) { buffer in
      for (offset, byte) in packet.enumerated() { buffer.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self) }
      let length: Int?
      switch (isRTCP, isForged) {
      case (true, false): length = try? sender.protectRTCP(&buffer, length: packet.count)
      case (true, true): length = try? stranger.protectRTCP(&buffer, length: packet.count)
      case (false, false): length = try? sender.protectRTP(&buffer, length: packet.count)
      case (false, true): length = try? stranger.protectRTP(&buffer, length: packet.count)
      }
      return length ?? 0
    }
    guard !bytes.isEmpty else { return nil }
    return Datagram(bytes: bytes, seal: isForged ? .none : isRTCP ? .rtcp : .rtp(packet))
  }

  private static func write(_ capacity: Int, _ body: (inout MutableRawSpan) -> Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: capacity)
    var span = bytes.mutableSpan
    var buffer = span.mutableBytes
    let count = body(&buffer)
    return Array(bytes.prefix(count))
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
