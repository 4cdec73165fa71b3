public enum SCTPError: Error, Equatable, Sendable {
  /// Another thread, or another endpoint, has usrsctp: there is one in a process.
  case alreadyOwned
  /// What usrsctp said to a socket call: an `errno`.
  case failed(code: Int32)
  /// There is no association, not yet or not any more.
  case notConnected
  case noSuchChannel(UInt16)
  /// Out of streams or channels.
  case tooManyChannels
  /// A label or a sub-protocol's name beyond `DCEPMessage.maximumTextLength`.
  case labelTooLong
  /// More bytes than the peer takes.
  case messageTooLarge(Int)
  /// `maximumBufferedBytes` wait; `writable` will tell when to try again.
  case bufferFull
  /// The peer did not answer, or does not any more.
  case lost
  /// The peer ended it with an ABORT, or began anew.
  case aborted
}
