import Checkpoints
import Foundation
import FoundationNetworking
import Realtime
import Runtime
import Sessions
import Telemetry
import VivaConfiguration
import VivaTesting
import Workers

@testable import Gateway

/// A whole server on free ports of loopback, with scripted workers.
final class TestServer: Sendable {
  static let key = "sk-test-0123456789"
  /// Of another tenant.
  static let otherKey = "sk-other-0123456789"

  let asr: ScriptedRecognizerServer
  let llm: ScriptedLanguageModelServer
  let tts: ScriptedSynthesizerServer
  let registry: SessionRegistry
  let port: Int
  let adminPort: Int
  private let shards: ShardGroup
  private let workers: WorkerSet
  private let door: FrontDoor
  private let gateway: Gateway

  init(
    transcript: String = "A sentence that was said.", answer: String = "First sentence. Second sentence.",
    configure: (inout Settings) -> Void = { _ in }
  ) async throws {
    asr = try await ScriptedRecognizerServer([transcript])
    llm = try await ScriptedLanguageModelServer { _ in .init(answer) }
    tts = try await ScriptedSynthesizerServer()
    var settings = Settings()
    settings.server.listen.port = 0
    settings.server.admin.port = 0
    settings.workers.asr = [Self.provider("asr", .wyoming, asr.url)]
    settings.workers.llm = [Self.provider("llm", .openai, llm.url)]
    settings.workers.tts = [Self.provider("tts", .wyoming, tts.url)]
    settings.agents = ["assistant": Agent(name: "assistant")]
    configure(&settings)

    let metrics = MetricsRegistry()
    let faults = settings.server.development ? FaultBoard() : nil
    let outcomes = LastOutcomes(WorkerMetrics(metrics))
    let workers = WorkerSet(settings: settings.workers, observer: outcomes, faults: faults)
    self.workers = workers
    // Its processes are never started.
    let supervisor = ProcessSupervisor(
      workers: settings.workers.asr.compactMap { SupervisedWorker($0, workingDirectory: nil) },
      logDirectory: "/nowhere",
      probe: { _ in false })
    shards = ShardGroup(count: 2)
    shards.start()
    registry = SessionRegistry(settings: settings, shards: shards, store: VolatileCheckpointStore(), metrics: metrics) {
      SessionWorkers(
        recognizer: workers.recognizer(order: $0.workers.asr),
        languageModel: workers.languageModel(order: $0.workers.llm),
        synthesizer: workers.synthesizer(order: $0.workers.tts))
    }
    let pool = try WorkerPool(settings.pool, settings.workers)
    gateway = try Gateway(
      settings: settings, keys: ServerKeys(keys: [Self.key, Self.otherKey]), registry: registry, metrics: metrics,
      admin: AdminServices(board: workers.board, pool: pool, batch: BatchJobs(workers)),
      workers: WatchedWorkers(
        settings: settings.workers, board: workers.board, supervisor: supervisor, outcomes: outcomes, faults: faults)
    ) { Gateway.Readiness(isReady: true, detail: "ready\n") }
    (door, port, adminPort) = try gateway.start()
  }

  /// A provider whose slowness on a busy machine is not taken for silence.
  private static func provider(
    _ name: String, _ wireProtocol: ProviderSettings.WireProtocol, _ url: String
  ) -> ProviderSettings {
    var provider = ProviderSettings(name: name, wireProtocol: wireProtocol, url: url)
    provider.deadlines.firstResult = 60_000
    return provider
  }

  func stop() async {
    // Stopping joins a thread: not on one of the few that run tests.
    await withCheckedContinuation { stopped in
      Thread.detachNewThread { [door] in
        door.stop(closeCode: 1001, reason: "test over")
        stopped.resume()
      }
    }
    await gateway.endCalls(reason: "the test is over")
    await workers.shutdown()
    shards.stop()
    await asr.shutdown()
    await llm.shutdown()
    await tts.shutdown()
  }

  /// Runs `body` with a server that is gone afterwards.
  static func run(
    transcript: String = "A sentence that was said.", answer: String = "First sentence. Second sentence.",
    configure: (inout Settings) -> Void = { _ in }, _ body: (TestServer) async throws -> Void
  ) async throws {
    let server = try await TestServer(transcript: transcript, answer: answer, configure: configure)
    do {
      try await body(server)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  func connect(path: String = "/v1/realtime?model=assistant", headers: [(String, String)]? = nil) async throws -> Caller
  {
    Caller(
      try await WebSocketClient.connect(
        host: "127.0.0.1", port: port, path: path, headers: headers ?? [("Authorization", "Bearer \(Self.key)")]))
  }

  /// Connects with a key in the header.
  func connect(path: String = "/v1/realtime?model=assistant", key: String) async throws -> Caller {
    try await connect(path: path, headers: [("Authorization", "Bearer \(key)")])
  }

  /// What is answered to an upgrade: 101, or the refusal and the code in it.
  func upgradeStatus(
    _ path: String = "/v1/realtime?model=assistant", key: String
  ) async throws -> (status: Int, code: String?) {
    do {
      let caller = try await connect(path: path, key: key)
      await caller.socket.close()
      return (101, nil)
    } catch let refused as WebSocketClient.Refused {
      return (refused.status, JSONText(refused.body)["error", "code"] as? String)
    }
  }

  /// Has the server make an ephemeral key.
  func clientSecret(_ body: String = "{}", key: String = TestServer.key) throws -> String {
    let answer = try post("/v1/realtime/client_secrets", body, key: key)
    guard answer.status == 200, let value = JSONText(answer.body)["value"] as? String else {
      throw FrontDoorTestClient.Failure(what: answer.body)
    }
    return value
  }

  func post(
    _ path: String, _ body: String, key: String?, headers: String = "", method: String = "POST", to port: Int? = nil
  ) throws -> FrontDoorTestClient.Response {
    let client = try FrontDoorTestClient(port: port ?? self.port)
    let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    client.write(
      "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(authorization)\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )
    return try client.readResponse()
  }

  /// GETs a path of a listener.
  func get(_ path: String, port: Int? = nil, headers: [String: String] = [:]) async throws -> (
    status: Int, body: String
  ) {
    guard let url = URL(string: "http://127.0.0.1:\(port ?? self.port)\(path)") else { throw URLError(.badURL) }
    var request = URLRequest(url: url)
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await URLSession.shared.data(for: request)
    return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
  }
}

/// A JSON document by paths of names.
struct JSONText {
  private let root: Any?

  init(_ text: String) { root = try? JSONSerialization.jsonObject(with: Data(text.utf8)) }

  subscript(path: String...) -> Any? {
    path.reduce(root) { ($0 as? [String: Any])?[$1] }
  }
}

/// A client that waits for what it expects.
final class Caller {
  let socket: WebSocketClient
  private var events: AsyncStream<WebSocketClient.Event>.Iterator
  private var order = ResponseOrder()
  private(set) var messages: [ServerMessage] = []
  private(set) var violations: [String] = []
  private(set) var closeCode: UInt16?

  init(_ socket: WebSocketClient) {
    self.socket = socket
    events = socket.events.makeAsyncIterator()
  }

  func send(_ json: String) {
    socket.send(Array(json.utf8))
  }

  func append(milliseconds: Int, voiced: Bool) {
    let samples = (0..<milliseconds * 24).map { voiced ? Self.voice($0) : 0 }
    var bytes: [UInt8] = []
    for sample in samples { bytes += [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)] }
    send(#"{"type":"input_audio_buffer.append","audio":"\#(Data(bytes).base64EncodedString())"}"#)
  }

  /// Reads until an event of `type` comes.
  ///
  /// - Returns: nil when the connection closed first.
  @discardableResult
  func wait(for type: String) async -> ServerMessage? {
    while let event = await events.next() {
      switch event {
      case .closed(let code, _):
        closeCode = code
        return nil
      case .binary: break
      case .text(let bytes):
        guard let message = try? ServerMessage.decode(bytes) else {
          violations.append("not an event")
          continue
        }
        messages.append(message)
        if let violation = order.check(message) { violations.append(violation.description) }
        if message.type == type { return message }
      }
    }
    return nil
  }

  /// Something between a hum and a vowel, which a voice activity detector takes for speech: a pulse train of 120 Hz
  /// through a falling spectrum.
  static func voice(_ index: Int) -> Int16 {
    let time = Double(index) / 24_000
    let envelope = 0.6 + 0.4 * sin(2 * .pi * 4 * time)
    let wave = (1...20).reduce(0.0) { $0 + sin(2 * .pi * 120 * Double($1) * time) / Double($1) }
    return Int16(4000 * envelope * wave)
  }
}
