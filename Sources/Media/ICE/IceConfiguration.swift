/// The times of an `IceLiteAgent`.
public struct IceConfiguration: Sendable, Hashable {
  /// Silence on the selected address after which this side sends checks of its own. Browsers check each 2.65 s, other
  /// clients each 4 to 6 s (RFC 7675, section 5.1), some not at all.
  public var checkAfter: Duration = .seconds(4)
  /// Silence after which `IceEvent.disconnected` is told.
  public var disconnectedAfter: Duration = .seconds(7)
  /// Silence after which nothing may be sent any more (RFC 7675, section 5.1).
  public var consentTimeout: Duration = .seconds(30)
  /// Between checks of this side. More than zero.
  public var checkInterval: Duration = .milliseconds(250)
  /// When a check that nominates nothing comes from another address, the selected one is asked for so long before the
  /// other takes its place. More than the round trip of a slow network.
  public var successionPatience: Duration = .seconds(1)
  /// For so long after the first nomination one of lower priority does not replace it: a client that nominates
  /// aggressively (RFC 5245, section 8.1.1.2) sends several at once, and the highest is meant.
  public var settlingTime: Duration = .seconds(2)
  /// Between two moves of the path that media causes and a check of this side confirms, at least. The client's own
  /// nominations wait for nothing.
  public var followingInterval: Duration = .seconds(1)

  public init() {}
}
