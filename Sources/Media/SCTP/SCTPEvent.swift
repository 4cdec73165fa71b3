/// What an `SCTPAssociation` has to tell. Channels go by the stream that they are on.
public enum SCTPEvent: Sendable, Equatable {
  case connected
  /// The peer opened a channel. It can be used at once.
  case channelOpened(DataChannel, on: UInt16)
  /// The peer acknowledged a channel that was opened here.
  case channelAcknowledged(UInt16)
  case message(DataChannelMessage, on: UInt16)
  /// After `SCTPError.bufferFull`: there is room again.
  case writable
  case channelClosed(UInt16)
  /// It is over, for all channels. Without an error: one side shut it down in good order.
  case closed(SCTPError?)
}
