/// Names one listener of a `FrontDoor` ("client", "admin"); every request says which one it came through.
public struct ListenerID: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  public init(stringLiteral value: String) { rawValue = value }
}
