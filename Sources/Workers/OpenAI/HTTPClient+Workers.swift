import AsyncHTTPClient
import NIOCore

extension HTTPClient {
  /// The client for all OpenAI-compatible workers. To be shut down by its owner.
  ///
  /// - Parameter connectMilliseconds: Longest time to connect, TLS included.
  static func forWorkers(connectMilliseconds: Int) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    // One stream a connection, so that closing it is all there is to a cancel.
    configuration.httpVersion = .http1Only
    configuration.timeout.connect = .milliseconds(Int64(connectMilliseconds))
    // The next provider is a better second try than the same one.
    configuration.connectionPool.retryConnectionEstablishment = false
    // The limit on requests is the session limit; a queue in here would only hide it.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 10_000
    configuration.redirectConfiguration = .disallow
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }
}
