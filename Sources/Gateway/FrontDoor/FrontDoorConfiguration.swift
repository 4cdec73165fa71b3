extension FrontDoor {
  /// What the front door listens on, and the bounds it puts on what comes in.
  public struct Configuration: Sendable {
    /// One listening socket.
    public struct Listener: Sendable {
      /// PEM files of a certificate chain and its private key. When they change, they are read again.
      public struct TLS: Sendable {
        public var certificateFile: String
        public var privateKeyFile: String

        public init(certificateFile: String, privateKeyFile: String) {
          self.certificateFile = certificateFile
          self.privateKeyFile = privateKeyFile
        }
      }

      public var id: ListenerID
      /// An IPv4 or IPv6 address, "localhost", or the name of a network interface. "0.0.0.0" and "::" are all.
      public var host: String
      /// 0 lets the kernel choose; `start()` reports the choice.
      public var port: Int
      public var tls: TLS?

      public init(id: ListenerID, host: String, port: Int, tls: TLS? = nil) {
        self.id = id
        self.host = host
        self.port = port
        self.tls = tls
      }
    }

    public var listeners: [Listener]
    /// Sub-protocols spoken here; the first that a client offers is echoed to it.
    public var subprotocols = ["realtime"]
    /// Names of request headers to collect besides the usual ones (see `HTTPRequest.header(_:)`). Those that
    /// libwebsockets has a token of its own for are not found this way.
    public var additionalHeaders: [String] = []
    /// A longer WebSocket message closes its connection with 1009.
    public var maximumMessageBytes = 16 << 20
    /// Bytes that may wait for a slow reader. A message that does not fit in, be it alone, closes the
    /// connection with 1008.
    public var maximumSendQueueBytes = 4 << 20
    /// A longer request body is answered with 413.
    public var maximumBodyBytes = 1 << 20
    /// The request line and all headers of one request; more closes the connection.
    public var maximumHeaderBytes = 16 << 10
    /// Seconds a client may take for its request line and headers.
    public var headerTimeoutSeconds = 10
    /// Seconds a client may take for a request body.
    public var bodyTimeoutSeconds = 20
    /// Seconds an idle HTTP connection is kept for another request.
    public var keepAliveSeconds = 30
    /// Each WebSocket is pinged this long after its last pong.
    public var pingIntervalSeconds = 20
    /// A WebSocket without a pong for this long is dead. More than `pingIntervalSeconds`.
    public var pongTimeoutSeconds = 40
    /// Seconds for queued messages and the close handshake after `WebSocketConnection.close`, then the
    /// connection is dropped.
    public var closeTimeoutSeconds = 5
    /// Seconds that `stop` gives connections to flush and close.
    public var drainSeconds = 2
    /// The soft limit on open files is raised to this, or to the hard limit if that is lower.
    public var maximumOpenFiles = 65_536
    /// A connection that comes while so many files are open is closed at once; nil keeps a share of all for the server:
    /// a quarter, 4,096 at most.
    public var clientFiles: Int?

    public init(listeners: [Listener]) { self.listeners = listeners }
  }
}

/// Why the front door did not open.
public struct FrontDoorError: Error, CustomStringConvertible, Sendable {
  public let description: String
}
