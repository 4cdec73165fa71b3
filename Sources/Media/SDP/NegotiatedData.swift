/// The accepted data section, as offer and answer settled it.
public struct NegotiatedData: Sendable, Hashable {
  /// Of the section among all, from 0.
  public let index: Int
  public let mid: String?
  /// Ours.
  public let localPort: UInt16
  /// The other side's.
  public let remotePort: UInt16
  /// The largest message that the other side takes, in bytes; nil when there is no limit.
  public let remoteMaximumMessageSize: Int?

  init(_ section: MediaSection, index: Int) {
    self.index = index
    mid = section.mid
    localPort = DataChannelTransport.usualPort
    remotePort = section.sctpPort
    remoteMaximumMessageSize = section.maximumMessageSize
  }
}
