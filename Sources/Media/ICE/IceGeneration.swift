/// The credentials of both sides between two ICE restarts, made ready for use.
struct IceGeneration: Sendable {
  let local: IceCredentials
  /// Unknown until the other side has answered.
  private(set) var remote: IceCredentials?
  /// Of what comes in, and of the responses to it.
  let localKey: MessageIntegrityKey
  /// Of the checks that go out.
  private(set) var remoteKey: MessageIntegrityKey?

  private let localUfrag: [UInt8]
  private var remoteUfrag: [UInt8] = []

  init(local: IceCredentials, remote: IceCredentials?) {
    self.local = local
    localUfrag = Array(local.ufrag.utf8)
    localKey = MessageIntegrityKey(Array(local.password.utf8))
    if let remote { setRemote(remote) }
  }

  mutating func setRemote(_ remote: IceCredentials) {
    self.remote = remote
    remoteUfrag = Array(remote.ufrag.utf8)
    remoteKey = MessageIntegrityKey(Array(remote.password.utf8))
  }

  /// Whether a request is for this fragment and made with its password (RFC 8445, section 7.3). The sender's fragment
  /// behind the colon is not looked at: a check may come before the answer that tells it.
  func authenticates(_ request: STUNMessage, in datagram: RawSpan) -> Bool {
    guard let username = request.username, username.count > localUfrag.count,
      username.upperBound <= datagram.byteCount,
      datagram.uint8(at: username.lowerBound + localUfrag.count) == UInt8(ascii: ":")
    else { return false }
    for index in localUfrag.indices where datagram.uint8(at: username.lowerBound + index) != localUfrag[index] {
      return false
    }
    return request.isAuthentic(localKey, in: datagram)
  }

  /// USERNAME of a check that goes out.
  func appendUsername(_ writer: inout STUNMessageWriter, into buffer: inout MutableRawSpan) {
    writer.appendUsername(remoteUfrag, localUfrag, into: &buffer)
  }
}
