import CLinux
import COpus
import CSRTP
import Media
import Runtime

/// The least that a voice session can cost with these libraries: libopus, libsrtp and the system calls, with nothing
/// around them. Each packet in is decrypted, the voiced ones are decoded; while the agent speaks, a packet is encoded
/// (or taken as it is), protected and sent.
struct Floor: CallServer, ~Copyable {
  private struct Session {
    var receiver: srtp_t?
    var sender: srtp_t?
    var decoder: OpaquePointer?
    var encoder: OpaquePointer?
    var caller = UDPAddress(high: 0, low: 0, port: 0)
    /// The newest voiced packet, until the tick.
    var payload = (offset: 0, length: 0)
    var sequence: UInt16 = 0
    var sent = 0
  }

  let port: UInt16
  private var socket: UDPSocket
  private var batch = DatagramBatch()
  private var sessions: UnsafeMutableBufferPointer<Session>
  private let mode: Mode
  private let samples: [Int16]
  private let packets: [[UInt8]]
  /// The payloads of a batch's voiced packets, which are decoded at the tick.
  private let heard: UnsafeMutablePointer<UInt8>
  private let pcm: UnsafeMutablePointer<Int16>
  private static let headerBytes = 12
  private static let largestPayload = 400

  init(_ mode: Mode, samples: [Int16], packets: [[UInt8]]) throws {
    self.mode = mode
    self.samples = samples
    self.packets = packets
    socket = try UDPSocket(boundTo: Loopback.any)
    port = socket.port
    sessions = .allocate(capacity: 0)
    heard = .allocate(capacity: Self.largestPayload * 4096)
    pcm = .allocate(capacity: 960)
  }

  /// Before the first one is made: libsrtp can be started once in a process, and Viva's first session does it.
  static func startLibrary() throws {
    var random = PeerRandomness.seeded(1)
    _ = try SRTPSender(SRTPMasterKey(profile: .aeadAES128GCM, using: &random))
  }

  deinit {
    for session in sessions {
      srtp_dealloc(session.receiver)
      srtp_dealloc(session.sender)
      if let decoder = session.decoder { opus_decoder_destroy(decoder) }
      if let encoder = session.encoder { opus_encoder_destroy(encoder) }
    }
    sessions.deallocate()
    heard.deallocate()
    pcm.deallocate()
  }

  mutating func add(_ pairs: [CallPair], at now: Instant) {
    sessions = .allocate(capacity: pairs.count)
    for (index, pair) in pairs.enumerated() {
      var session = Session()
      session.receiver = Self.srtp(pair.keys.remote, ssrc_any_inbound)
      session.sender = Self.srtp(pair.keys.local, ssrc_any_outbound)
      session.decoder = opus_decoder_create(16_000, 1, nil)
      if let complexity = mode.complexity {
        guard let encoder = opus_encoder_create(24_000, 1, OPUS_APPLICATION_VOIP, nil) else { fatalError("libopus") }
        for (request, value) in [
          (OPUS_SET_BITRATE_REQUEST, 24_000), (OPUS_SET_COMPLEXITY_REQUEST, complexity),
        ] {
          _ = viva_opus_encoder_set(encoder, request, Int32(value))
        }
        session.encoder = encoder
      }
      sessions.initializeElement(at: index, to: session)
    }
  }

  private static func srtp(_ key: SRTPMasterKey, _ kind: srtp_ssrc_type_t) -> srtp_t? {
    var policy = srtp_policy_t()
    if key.profile == .aeadAES128GCM {
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
    } else {
      srtp_crypto_policy_set_rtp_default(&policy.rtp)
      srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
    }
    var bytes = key.key + key.salt
    policy.ssrc.type = kind
    policy.window_size = 128
    var srtp: srtp_t?
    bytes.withUnsafeMutableBufferPointer { buffer in
      policy.key = buffer.baseAddress
      guard srtp_create(&srtp, &policy) == srtp_err_status_ok else { fatalError("srtp_create") }
    }
    return srtp
  }

  mutating func receive(_ costs: inout Costs, at now: Instant) {
    repeat {
      var count = 0
      costs.receiving.measure(0) {
        socket.receive(into: &batch)
        count = batch.count
        for index in 0..<count { unprotect(batch.bytes(index), from: batch.remote(index)) }
      }
      costs.receiving.counted(count)
    } while batch.isFull
    batch.removeAll()
  }

  private func unprotect(_ bytes: UnsafeMutableRawBufferPointer, from remote: UDPAddress) {
    guard bytes.count > 28, let start = bytes.baseAddress, !isRTCP(bytes) else { return }
    let ssrc = UInt32(bigEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    let index = CallPair.session(ofCallerSSRC: ssrc)
    guard sessions.indices.contains(index) else { return }
    var length = Int32(bytes.count)
    guard srtp_unprotect(sessions[index].receiver, start, &length) == srtp_err_status_ok else { return }
    sessions[index].caller = remote
    // One extension of one word: the audio level.
    let header = Self.headerBytes + (start.load(fromByteOffset: 0, as: UInt8.self) & 0x10 != 0 ? 8 : 0)
    let isVoice = start.load(fromByteOffset: 17, as: UInt8.self) & 0x7F < 127
    let payload = Int(length) - header
    guard isVoice, payload > 0, payload <= Self.largestPayload else { return }
    sessions[index].payload = (index * Self.largestPayload, payload)
    (heard + index * Self.largestPayload).update(
      from: start.advanced(by: header).assumingMemoryBound(to: UInt8.self), count: payload)
  }

  /// Reports are no part of the floor.
  private func isRTCP(_ bytes: UnsafeMutableRawBufferPointer) -> Bool { (200...204).contains(bytes[1]) }

  mutating func serve(_ session: Int, isSpeaking: Bool, tick: Int, _ costs: inout Costs, at now: Instant) {
    hear(session, &costs)
    if isSpeaking { speak(session, &costs) }
  }

  private mutating func hear(_ session: Int, _ costs: inout Costs) {
    costs.hearing.measure {
      let payload = sessions[session].payload
      guard payload.length > 0, let decoder = sessions[session].decoder else { return }
      _ = opus_decode(decoder, heard + payload.offset, Int32(payload.length), pcm, 320, 0)
      sessions[session].payload.length = 0
    }
  }

  private mutating func speak(_ session: Int, _ costs: inout Costs) {
    guard sessions[session].caller.port != 0 else { return }
    let slot = batch.nextSlot
    let number = sessions[session].sent
    var length: Int32 = 0
    costs.speaking.measure {
      let payload = slot.baseAddress!.advanced(by: Self.headerBytes).assumingMemoryBound(to: UInt8.self)
      if let encoder = sessions[session].encoder {
        let start = (number + session * 7) * 480 % (samples.count - 480)
        samples.withUnsafeBufferPointer {
          length = opus_encode(encoder, $0.baseAddress! + start, 480, payload, Int32(Self.largestPayload))
        }
      } else {
        let packet = packets[(number + session * 7) % packets.count]
        payload.update(from: packet, count: packet.count)
        length = Int32(packet.count)
      }
      sessions[session].sent += 1
    }
    costs.protecting.measure {
      sessions[session].sequence &+= 1
      let start = slot.baseAddress!
      start.storeBytes(of: UInt32(0x806F_0000 | UInt32(sessions[session].sequence)).bigEndian, as: UInt32.self)
      start.storeBytes(of: (UInt32(truncatingIfNeeded: number) &* 960).bigEndian, toByteOffset: 4, as: UInt32.self)
      start.storeBytes(of: UInt32(0x5EE7_0000 + session).bigEndian, toByteOffset: 8, as: UInt32.self)
      length += Int32(Self.headerBytes)
      guard srtp_protect(sessions[session].sender, start, &length) == srtp_err_status_ok else { return }
      batch.append(Int(length), to: sessions[session].caller, from: Loopback.unspecified)
    }
    if batch.isFull { send(&costs) }
  }

  mutating func send(_ costs: inout Costs) {
    let count = batch.count
    costs.sending.measure(0) { _ = socket.send(&batch) }
    costs.sending.counted(count)
  }
}
