import NIOCore
import NIOHTTP1

/// A web service on 127.0.0.1 that answers as told: the team's own behind HTTP tools and webhooks.
public final class ScriptedHTTPService: Sendable {
  /// The answer to one request.
  public struct Reply: Sendable {
    public enum Fault: Sendable, Equatable {
      /// Sends nothing, with the connection left open.
      case silent
      /// Sends the head and half of the body, then nothing more, with the connection left open.
      case stalled
      /// Closes the connection with half of the body sent.
      case cutOff
      /// Closes the connection with nothing sent.
      case hangUp
    }

    public var status: Int
    public var headers: [String: String] = [:]
    public var body: [UInt8]
    /// Before the head.
    public var delay: Duration = .zero
    public var fault: Fault?

    public init(_ status: Int = 200, _ body: String = "", delay: Duration = .zero, fault: Fault? = nil) {
      self.status = status
      self.body = Array(body.utf8)
      self.delay = delay
      self.fault = fault
    }
  }

  /// What a client sent.
  public struct Request: Sendable, Equatable {
    /// Of the request, from 0.
    public var number: Int
    public var method: String
    public var path: String
    /// Names in lower case; of several values, the last.
    public var headers: [String: String]
    public var body: String
  }

  public let listener: ScriptedListener
  private let recorded: Recorder<Request>

  /// Without a path.
  public var url: String { "http://127.0.0.1:\(listener.port)" }
  public var counts: ScriptedCounts { listener.counts }
  /// In the order of their coming; the oldest are forgotten.
  public var requests: [Request] { recorded.all }

  public init(reply: @Sendable @escaping (Request) -> Reply) async throws {
    let recorder = Recorder<Request>()
    recorded = recorder
    listener = try await ScriptedListener { listener, channel in
      let pipeline = channel.pipeline.syncOperations
      // Pipelining assistance would stop reading during a reply, and so hide that the client left.
      try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
      try pipeline.addHandler(HTTPServiceHandler(listener, recorder, reply))
    }
  }

  public func shutdown() async { await listener.shutdown() }
}
