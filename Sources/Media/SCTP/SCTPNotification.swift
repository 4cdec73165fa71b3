import CUsrSCTP

/// What usrsctp tells beside messages (RFC 6458, section 6.1; RFC 6525, section 6.1.1).
enum SCTPNotification: Equatable {
  /// - Parameter streams: That can be sent on.
  case connected(streams: UInt16)
  case restarted
  case lost(wasAborted: Bool)
  case shutDown
  /// Streams of the peer; none stands for all.
  case incomingReset([UInt16])
  /// Streams of ours, whether the peer agreed or not; none stands for all.
  case outgoingReset([UInt16])

  /// Nil for what is of no interest, or too short.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 8 else { return nil }
    func uint16(_ offset: Int) -> UInt16 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
    let flags = uint16(2)
    switch Int32(uint16(0)) {
    case SCTP_ASSOC_CHANGE:
      guard bytes.count >= MemoryLayout<sctp_assoc_change>.size else { return nil }
      // sac_state, sac_error, sac_outbound_streams
      switch Int32(uint16(8)) {
      case SCTP_COMM_UP: self = .connected(streams: uint16(12))
      case SCTP_RESTART: self = .restarted
      // The peer's ABORT is told as it came, behind the fixed part.
      case SCTP_COMM_LOST: self = .lost(wasAborted: bytes.count > MemoryLayout<sctp_assoc_change>.size)
      case SCTP_CANT_STR_ASSOC: self = .lost(wasAborted: false)
      case SCTP_SHUTDOWN_COMP: self = .shutDown
      default: return nil
      }
    case SCTP_STREAM_RESET_EVENT:
      let header = 12
      guard bytes.count >= header else { return nil }
      let streams = stride(from: header, to: bytes.count - 1, by: 2).map { uint16($0) }
      if flags & UInt16(SCTP_STREAM_RESET_INCOMING_SSN) != 0 {
        // Denied or failed is what is asked of the peer; Viva asks nothing.
        guard flags & UInt16(SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED) == 0 else { return nil }
        self = .incomingReset(streams)
      } else if flags & UInt16(SCTP_STREAM_RESET_OUTGOING_SSN) != 0 {
        self = .outgoingReset(streams)
      } else {
        return nil
      }
    default: return nil
    }
  }
}
