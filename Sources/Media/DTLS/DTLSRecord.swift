/// The header of a DTLS record, as far as it is in plain text (RFC 6347, section 4.1).
struct DTLSRecord: Equatable {
  enum ContentType: UInt8 {
    case changeCipherSpec = 20
    case alert = 21
    case handshake = 22
    case applicationData = 23
  }

  static let headerLength = 13
  /// Of a handshake message or a fragment of one: type, length (3), message_seq (2), fragment_offset (3),
  /// fragment_length (3).
  static let messageHeaderLength = 12
  /// What AES-GCM adds to a record's text: nonce and tag (RFC 5288, section 3).
  static let sealLength = 8 + 16

  var type: ContentType
  /// 0 is plain text, 1 is under the keys of the first handshake; there is no other, since nothing renegotiates.
  var epoch: UInt16
  /// Of the whole record in its datagram.
  var bounds: Range<Int>

  /// The records of a datagram up to the first that is broken; what follows it cannot be told apart.
  ///
  /// A sealed one that is too short for its seal is left out: OpenSSL 3.0 does not drop it, as it drops what fails
  /// authentication, but ends the connection, so that anybody could.
  static func records(of datagram: [UInt8]) -> [DTLSRecord] {
    let bytes = datagram.span.bytes
    var records: [DTLSRecord] = []
    var start = 0
    while bytes.byteCount - start >= headerLength {
      let end = start + headerLength + Int(bytes.uint16(at: start + 11))
      guard end <= bytes.byteCount, let type = ContentType(rawValue: bytes.uint8(at: start)),
        // DTLS 1.0 and 1.2: a ClientHello may come under either version.
        bytes.uint8(at: start + 1) == 0xFE, bytes.uint8(at: start + 2) >= 0xFD
      else { break }
      let record = DTLSRecord(type: type, epoch: bytes.uint16(at: start + 3), bounds: start..<end)
      if record.epoch == 0 || record.bounds.count > headerLength + sealLength { records.append(record) }
      start = end
    }
    return records
  }

  /// Whether a datagram begins with a record, at a glance.
  static func begins(_ datagram: RawSpan) -> Bool {
    datagram.byteCount >= headerLength && ContentType(rawValue: datagram.uint8(at: 0)) != nil
      && datagram.uint8(at: 1) == 0xFE
  }
}

extension DTLSRecord {
  /// The client's 32 random bytes when this record begins a ClientHello in plain text (RFC 6347, section 4.2.1), which
  /// tell one client's handshake from another's. Nil for all else, the later fragments of a ClientHello too.
  func clientRandom(in datagram: [UInt8]) -> [UInt8]? {
    // The message is client_version (2), random (32), and more.
    let message = bounds.lowerBound + Self.headerLength
    let random = message + Self.messageHeaderLength + 2
    guard type == .handshake, epoch == 0, bounds.upperBound >= random + 32 else { return nil }
    let bytes = datagram.span.bytes
    guard bytes.uint8(at: message) == 1, bytes.uint24(at: message + 6) == 0 else { return nil }
    return Array(datagram[random..<random + 32])
  }

  /// Whether this record in plain text is one that the other side may send in a handshake (RFC 5246, section 7.4), with
  /// a message header that makes sense.
  ///
  /// Alerts are not: anybody can write them, and an honest one only hastens what the deadline brings anyhow. Neither is
  /// what `role` itself would say, nor a fragment that does not fit its message, which OpenSSL takes for the end of the
  /// handshake.
  func isExpected(in datagram: [UInt8], by role: DTLSRole) -> Bool {
    guard epoch == 0 else { return false }
    guard type == .handshake else { return type == .changeCipherSpec }
    let message = bounds.lowerBound + Self.headerLength
    guard bounds.upperBound >= message + Self.messageHeaderLength else { return false }
    let bytes = datagram.span.bytes
    let length = bytes.uint24(at: message + 1)
    let (offset, count) = (bytes.uint24(at: message + 6), bytes.uint24(at: message + 9))
    guard length <= DTLSContext.maximumMessage, offset + count <= length,
      Int(count) <= bounds.upperBound - message - Self.messageHeaderLength
    else { return false }
    switch role {
    // ClientHello, Certificate, CertificateVerify, ClientKeyExchange
    case .server: return [1, 11, 15, 16].contains(bytes.uint8(at: message))
    // ServerHello, HelloVerifyRequest, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone
    case .client: return [2, 3, 11, 12, 13, 14].contains(bytes.uint8(at: message))
    }
  }
}
