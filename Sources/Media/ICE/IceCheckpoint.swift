/// What another process needs to go on with a peer's ICE. It holds passwords: to be kept encrypted.
public struct IceCheckpoint: Codable, Hashable, Sendable {
  /// Both sides' credentials; the client's may be unknown.
  public struct Credentials: Codable, Hashable, Sendable {
    public var local: IceCredentials
    public var remote: IceCredentials?

    public init(local: IceCredentials, remote: IceCredentials?) {
      self.local = local
      self.remote = remote
    }
  }

  public var current: Credentials
  /// Those of an ICE restart that is under way.
  public var restart: Credentials?
  public var remoteAddress: TransportAddress

  public init(current: Credentials, restart: Credentials? = nil, remoteAddress: TransportAddress) {
    self.current = current
    self.restart = restart
    self.remoteAddress = remoteAddress
  }

  private enum CodingKeys: String, CodingKey {
    case current, restart
    case remoteAddress = "remote_address"
  }
}
