import Media
import Runtime

extension FuzzTarget {
  /// A peer of a server's and whoever sends it datagrams, in virtual time: two bytes of what was negotiated, then a
  /// command each, a byte that names it and those that it takes (`FuzzedCall.perform`).
  static let peer = FuzzTarget("peer", cost: 50) { input in
    var script = FuzzedScript(input.bytes)
    var call = FuzzedCall(FuzzedCallPlan(&script))
    for _ in 0..<400 {
      guard let command = script.next() else { break }
      call.perform(command, &script)
    }
    call.end()
  }
}

/// Bytes that are taken one after the other; behind the last there are zeros.
struct FuzzedScript {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// Nil at the end.
  mutating func next() -> UInt8? { rest.popFirst() }

  mutating func byte() -> UInt8 { next() ?? 0 }

  mutating func uint16() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

  /// As many as a byte before them says, times `unit`, and as there are.
  mutating func blob(unit: Int = 1) -> [UInt8] {
    let blob = Array(rest.prefix(Int(byte()) * unit))
    rest = rest.dropFirst(blob.count)
    return blob
  }
}

/// What was negotiated.
struct FuzzedCallPlan {
  enum Kind {
    case ice, latching, dtls
  }

  let kind: Kind
  let profile: SRTPProfile
  let reservesDurably: Bool
  private let nack: Bool
  private let reducedSizeRTCP: Bool
  private let hasListener: Bool
  private let declares: Bool
  private let carriesData: Bool

  init(_ script: inout FuzzedScript) {
    let (first, second) = (script.byte(), script.byte())
    kind = [.ice, .latching, .ice, .dtls][Int(first & 3)]
    profile = first & 4 == 0 ? .aeadAES128GCM : .aes128CMSHA1_80
    reservesDurably = first & 8 != 0
    nack = second & 1 == 0
    reducedSizeRTCP = second & 2 != 0
    hasListener = second & 4 != 0
    declares = second & 8 != 0
    carriesData = second & 16 != 0
  }

  /// - Parameter direction: Of the first section, ours.
  func audio(_ direction: MediaDirection = .sendrecv) -> [PeerAudio] {
    var first = PeerAudio(payloadType: 111, clockRate: 48_000)
    first.mid = "0"
    first.telephoneEvent = 110
    first.audioLevelID = 1
    first.midID = 4
    first.nack = nack
    first.reducedSizeRTCP = reducedSizeRTCP
    first.direction = direction
    if declares { first.remoteSources = (0..<4).map(FuzzedClient.source) }
    guard hasListener else { return [first] }
    var second = first
    second.section = 1
    second.mid = "1"
    second.direction = .sendonly
    second.remoteSources = []
    return [first, second]
  }

  func configuration(local: IceCredentials, remote: IceCredentials, _ keys: SRTPKeyingMaterial) -> PeerConfiguration {
    var keying = PeerConfiguration.Keying.sdes(keys)
    if kind == .dtls, let identity = Self.identity {
      keying = .dtls(identity: identity, role: .server, fingerprints: [identity.fingerprint])
    }
    var configuration = PeerConfiguration(
      connectivity: kind == .latching ? .latching : .lite(local: local, remote: remote), keying: keying,
      audio: audio(), ssrc: 0x0A0B_0C0D, canonicalName: "fuzz",
      wallClock: WallClock(at: Instant(nanoseconds: 0), unixNanoseconds: 1_800_000_000_000_000_000))
    configuration.randomness = .seeded(1)
    configuration.reservesDurably = reservesDurably
    configuration.carriesData = carriesData
    return configuration
  }

  private static let identity = try? DTLSIdentity.generate(notBefore: 0, notAfter: 2_000_000_000)
}
