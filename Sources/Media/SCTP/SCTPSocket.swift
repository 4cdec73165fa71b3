import CUsrSCTP
import Glibc

/// A socket of usrsctp whose one peer is behind an address of the `AF_CONN` family: a number that means nothing to
/// usrsctp. (A pointer in its place would leak in cookies, and could dangle.)
final class SCTPSocket {
  enum SendResult: Equatable {
    case sent
    case full
    case failed(Int32)
  }

  private let socket: OpaquePointer
  private var isOpen = true

  private init(_ socket: OpaquePointer) { self.socket = socket }

  /// Bound to `address` at both ends, which packets in and out will carry.
  init(address: UInt, configuration: SCTPConfiguration) throws(SCTPError) {
    let pointer = UnsafeMutableRawPointer(bitPattern: address)
    guard let socket = usrsctp_socket(AF_CONN, Self.stream, Int32(IPPROTO_SCTP), SCTPEndpoint.receive, nil, 0, pointer)
    else { throw .failed(code: errno) }
    self.socket = socket
    do throws(SCTPError) {
      try configure(configuration)
      var local = Self.name(address, configuration.port)
      try check(
        withUnsafeMutablePointer(to: &local) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            usrsctp_bind(socket, $0, socklen_t(MemoryLayout<sockaddr_conn>.size))
          }
        })
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  /// Sends an ABORT if there is an association.
  func close() {
    guard isOpen else { return }
    isOpen = false
    usrsctp_close(socket)
  }

  func connect(to address: UInt, port: UInt16) throws(SCTPError) {
    var remote = Self.name(address, port)
    let result = withUnsafeMutablePointer(to: &remote) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        usrsctp_connect(socket, $0, socklen_t(MemoryLayout<sockaddr_conn>.size))
      }
    }
    guard result == 0 || errno == EINPROGRESS else { throw .failed(code: errno) }
  }

  func listen() throws(SCTPError) { try check(usrsctp_listen(socket, 1)) }

  /// The association that came to a listening socket, if one did.
  func accept() -> SCTPSocket? {
    guard let accepted = usrsctp_accept(socket, nil, nil) else { return nil }
    _ = usrsctp_set_non_blocking(accepted, 1)
    return SCTPSocket(accepted)
  }

  /// Shuts down in good order once everything is sent.
  func shutDown() { usrsctp_shutdown(socket, Int32(SHUT_WR)) }

  func send(
    _ bytes: [UInt8], payloadProtocol: PayloadProtocol, on stream: UInt16, isOrdered: Bool,
    reliability: DataChannel.Reliability
  ) -> SendResult {
    var info = sctp_sendv_spa()
    info.sendv_flags = UInt32(SCTP_SEND_SNDINFO_VALID)
    info.sendv_sndinfo.snd_sid = stream
    info.sendv_sndinfo.snd_ppid = payloadProtocol.rawValue.bigEndian
    if !isOrdered { info.sendv_sndinfo.snd_flags = UInt16(SCTP_UNORDERED) }
    switch reliability {
    case .reliable: break
    case .retransmissions(let count):
      info.sendv_flags |= UInt32(SCTP_SEND_PRINFO_VALID)
      info.sendv_prinfo.pr_policy = UInt16(SCTP_PR_SCTP_RTX)
      info.sendv_prinfo.pr_value = count
    case .lifetime(let milliseconds):
      info.sendv_flags |= UInt32(SCTP_SEND_PRINFO_VALID)
      info.sendv_prinfo.pr_policy = UInt16(SCTP_PR_SCTP_TTL)
      info.sendv_prinfo.pr_value = milliseconds
    }
    let sent = usrsctp_sendv(
      socket, bytes, bytes.count, nil, 0, &info, socklen_t(MemoryLayout<sctp_sendv_spa>.size),
      UInt32(SCTP_SENDV_SPA), 0)
    if sent == bytes.count { return .sent }
    guard sent < 0 else { return .failed(EMSGSIZE) }
    return errno == EWOULDBLOCK || errno == EAGAIN ? .full : .failed(errno)
  }

  /// Asks to reset outgoing streams, which ends their channels (RFC 6525, section 6.3.2).
  /// - Returns: False while another request is under way.
  func resetOutgoing(_ streams: [UInt16]) -> Bool {
    // struct sctp_reset_streams: association (4), flags (2), count (2), streams (2 each).
    var request = [UInt16](repeating: 0, count: 4)
    request[2] = UInt16(SCTP_STREAM_RESET_OUTGOING)
    request[3] = UInt16(clamping: streams.count)
    request += streams
    return request.withUnsafeBytes {
      usrsctp_setsockopt(socket, Int32(IPPROTO_SCTP), SCTP_RESET_STREAMS, $0.baseAddress, socklen_t($0.count))
    } == 0
  }
}

// MARK: - Set-up

extension SCTPSocket {
  private static let stream = Int32(SOCK_STREAM.rawValue)

  private static func name(_ address: UInt, _ port: UInt16) -> sockaddr_conn {
    var name = sockaddr_conn()
    name.sconn_family = UInt16(AF_CONN)
    name.sconn_port = port.bigEndian
    name.sconn_addr = UnsafeMutableRawPointer(bitPattern: address)
    return name
  }

  private func configure(_ configuration: SCTPConfiguration) throws(SCTPError) {
    try check(usrsctp_set_non_blocking(socket, 1))
    // Closing is an ABORT, and leaves nothing behind.
    try set(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
    // A message is handed over whole up to half the receive buffer, and a longer one, which is too long, in pieces.
    try set(SOL_SOCKET, SO_RCVBUF, Int32(clamping: 2 * configuration.maximumMessageSize))
    // A message is taken whole or not at all.
    try set(SOL_SOCKET, SO_SNDBUF, Int32(clamping: configuration.maximumMessageSize + (64 << 10)))
    try set(sctp, SCTP_NODELAY, UInt32(1))
    try set(
      sctp, SCTP_ENABLE_STREAM_RESET,
      sctp_assoc_value(assoc_id: sctp_assoc_t(SCTP_ALL_ASSOC), assoc_value: UInt32(SCTP_ENABLE_RESET_STREAM_REQ)))
    try set(
      sctp, SCTP_INITMSG,
      sctp_initmsg(
        sinit_num_ostreams: configuration.maximumStreams, sinit_max_instreams: configuration.maximumStreams,
        sinit_max_attempts: 0, sinit_max_init_timeo: 0))
    for event in [SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT] {
      try set(
        sctp, SCTP_EVENT, sctp_event(se_assoc_id: sctp_assoc_t(SCTP_ALL_ASSOC), se_type: UInt16(event), se_on: 1))
    }
    // DTLS has nothing to tell of a path's MTU; usrsctp counts it without the common header.
    var path = sctp_paddrparams()
    path.spp_flags = UInt32(SPP_PMTUD_DISABLE)
    path.spp_pathmtu = UInt32(clamping: configuration.maximumPacketSize - SCTPPacket.headerLength)
    try set(sctp, SCTP_PEER_ADDR_PARAMS, path)
  }

  private var sctp: Int32 { Int32(IPPROTO_SCTP) }

  private func set(_ level: Int32, _ option: Int32, _ value: some BitwiseCopyable) throws(SCTPError) {
    try check(
      withUnsafeBytes(of: value) {
        usrsctp_setsockopt(socket, level, option, $0.baseAddress, socklen_t($0.count))
      })
  }

  private func check(_ result: Int32) throws(SCTPError) {
    guard result == 0 else { throw .failed(code: errno) }
  }
}
