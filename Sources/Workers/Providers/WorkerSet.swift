import AsyncHTTPClient
import VivaConfiguration

extension ProviderSettings.WireProtocol {
  fileprivate var isHTTP: Bool { self == .openai || self == .http }
}

/// The adapters of all providers in the configuration, shared by all sessions.
public final class WorkerSet: Sendable {
  /// Loading a model at the first request may take this long, in milliseconds.
  private static let warmUpLimit = 60_000

  let settings: WorkerSettings
  private let observer: any WorkerObserver
  let isAvailable: @Sendable (String) -> Bool
  public let board: ProviderBoard
  let pool: WorkerPool?
  let faults: FaultBoard?
  private let client: HTTPClient
  /// Of providers that speak Wyoming, by kind and name, one for each instance: what a server said of itself is remembered
  /// here.
  private let wyoming: [WorkerKind: [String: [WyomingServer]]]

  /// - Parameters:
  ///   - board: What is known of the providers; nil is one of its own.
  ///   - pool: Gives their slots; nil: they take all that comes.
  ///   - faults: Calls of sessions and jobs, and probes, fail as it says; nil: only as workers do.
  ///   - isAvailable: Whether the provider of this name is expected to answer (see `WorkerReadiness`). Asked
  ///     at each call, from any thread; the others of its list are tried before one that is not.
  public init(
    settings: WorkerSettings, observer: any WorkerObserver, board: ProviderBoard? = nil,
    pool: WorkerPool? = nil, faults: FaultBoard? = nil,
    isAvailable: @Sendable @escaping (String) -> Bool = { _ in true }
  ) {
    self.settings = settings
    self.observer = observer
    self.isAvailable = isAvailable
    self.board = board ?? ProviderBoard(alone: settings)
    self.pool = pool
    self.faults = faults
    let http = WorkerKind.allCases.flatMap { Self.providers(settings, $0) }.filter { $0.wireProtocol.isHTTP }
    client = .forWorkers(connectMilliseconds: http.map(\.deadlines.connect).max() ?? 1000)
    wyoming = [.asr: Self.servers(settings.asr), .tts: Self.servers(settings.tts)]
  }

  deinit {
    // An error says that it was shut down already, as it should be.
    client.shutdown { _ in }
  }

  /// - Parameter order: Names of providers, the preferred one first; empty means all in the file's order. Unknown
  ///   names are skipped.
  public func recognizer(order: [String] = []) -> any SpeechRecognizer {
    OrderedRecognizer(
      Self.select(settings.asr, order).compactMap { provider in
        ProviderInstances(provider) { faulty(recognizer($0, wyoming[.asr]?[provider.name]?[$1]), $0) }
      }, observer: observer,
      board: board, pool: pool, isAvailable: isAvailable)
  }

  /// - Parameter order: As for `recognizer`.
  public func languageModel(order: [String] = []) -> any LanguageModel {
    OrderedLanguageModel(
      languageModels(Self.select(settings.llm, order)), observer: observer,
      board: board, pool: pool, isAvailable: isAvailable)
  }

  /// For who wants the whole answer or none: what it says comes at its end.
  func wholeLanguageModel() -> any LanguageModel {
    OrderedLanguageModel(
      languageModels(settings.llm), observer: observer, board: board, pool: pool, isWhole: true,
      isAvailable: isAvailable)
  }

  /// - Parameter order: As for `recognizer`.
  public func synthesizer(order: [String] = []) -> any SpeechSynthesizer {
    OrderedSynthesizer(
      Self.select(settings.tts, order).compactMap { provider in
        ProviderInstances(provider) { faulty(synthesizer($0, wyoming[.tts]?[provider.name]?[$1]), $0) }
      }, observer: observer,
      board: board, pool: pool, isAvailable: isAvailable)
  }

  /// What says under `semantic_vad` whether a speaker is done: the first in the file; nil when there is none.
  public func endOfTurnDetector() -> (any EndOfTurnDetector)? {
    settings.endOfTurn.first.map {
      ObservedEndOfTurnDetector(detector: HTTPEndOfTurnDetector($0, client: client), observer: observer)
    }
  }

  /// For the tools of all agents.
  public var toolCaller: any ToolCaller {
    HTTPToolCaller(client: client, observer: observer as? any ToolObserver)
  }

  /// Asks a provider whether it is alive, in its `firstResult` deadline at most. Costs the worker next to nothing.
  ///
  /// - Returns: a success where one of its instances is.
  public func probe(_ kind: WorkerKind, _ name: String) async -> Result<Void, WorkerError> {
    let count = Self.providers(settings, kind).first { $0.name == name }?.atInstances.count ?? 1
    guard count > 1 else { return await probe(kind, name, instance: 0) }
    return await withTaskGroup(of: Result<Void, WorkerError>.self) { group in
      for position in 0..<count { group.addTask { await self.probe(kind, name, instance: position) } }
      var last = Result<Void, WorkerError>.success(())
      for await answer in group {
        last = answer
        if case .success = answer { break }
      }
      group.cancelAll()
      return last
    }
  }

  /// The same of one instance, by its position.
  func probe(_ kind: WorkerKind, _ name: String, instance position: Int) async -> Result<Void, WorkerError> {
    await with(kind, name) { provider in
      let provider = provider.atInstances[position].settings
      switch provider.wireProtocol {
      case .wyoming: try await wyoming[kind]?[name]?[position].describe()
      case .openai: try await OpenAIServer(settings: provider, client: client).probe()
      case .espeak: try await EspeakSynthesizer(provider).probe()
      case .http: try await HTTPEndOfTurnDetector(provider, client: client).probe()
      }
    }
  }

  /// Makes one small request, since some workers load their model at the first; waits up to a minute for it.
  ///
  /// - Parameter openings: What conversations begin with. A language model is asked them too, as patiently.
  public func warmUp(
    _ kind: WorkerKind, _ name: String, openings: [CompletionRequest] = []
  ) async -> Result<Void, WorkerError> {
    await with(kind, name) { provider in
      var patient = provider
      patient.deadlines.firstResult = max(provider.deadlines.firstResult, Self.warmUpLimit)
      patient.deadlines.gap = max(provider.deadlines.gap, Self.warmUpLimit)
      switch kind {
      case .asr:
        let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
        speaker.yield([Int16](repeating: 0, count: 8000))
        speaker.finish()
        try await drain(
          recognizer(patient, WyomingServer(patient))?.recognize(RecognitionRequest(), audio: audio))
      case .llm:
        let hello = CompletionRequest(messages: [.user("Hello")], sampling: Sampling(maxTokens: 1))
        for request in [hello] + openings {
          do {
            try await drain(languageModel(patient)?.complete(request))
          } catch let error as WorkerError where error.kind == .emptyReply {
            // One token need not be a word.
          }
        }
      case .tts:
        try await drain(
          synthesizer(patient, WyomingServer(patient))?.synthesize(SpeechRequest(text: "Ready.")))
      case .endOfTurn:
        let audio = [Int16](repeating: 0, count: 8000)
        _ = try await HTTPEndOfTurnDetector(patient, client: client).probability(of: audio)
      }
      // So that the first turn need not ask.
      if provider.wireProtocol == .wyoming { try await wyoming[kind]?[name]?.first?.describe() }
    }
  }

  /// Closes what is in flight to OpenAI servers. The set cannot be used afterwards.
  public func shutdown() async {
    try? await client.shutdown()
  }

  private func recognizer(_ provider: ProviderSettings, _ server: WyomingServer?) -> (any SpeechRecognizer)? {
    switch provider.wireProtocol {
    case .wyoming: server.map { WyomingRecognizer(server: $0, partials: provider.partials) }
    case .openai: OpenAIRecognizer(provider, client: client)
    case .espeak, .http: nil
    }
  }

  private func languageModels(_ providers: [ProviderSettings]) -> [ProviderInstances<any LanguageModel>] {
    providers.compactMap { provider in
      ProviderInstances(provider) { settings, _ in faulty(languageModel(settings), settings) }
    }
  }

  private func languageModel(_ provider: ProviderSettings) -> (any LanguageModel)? {
    provider.wireProtocol == .openai ? OpenAILanguageModel(provider, client: client) : nil
  }

  private func synthesizer(_ provider: ProviderSettings, _ server: WyomingServer?) -> (any SpeechSynthesizer)? {
    switch provider.wireProtocol {
    case .wyoming: server.map { WyomingSynthesizer(server: $0, voice: provider.voice) }
    case .openai: OpenAISynthesizer(provider, client: client)
    case .espeak: EspeakSynthesizer(provider)
    case .http: nil
    }
  }

  private func with(
    _ kind: WorkerKind, _ name: String, _ body: (ProviderSettings) async throws -> Void
  ) async -> Result<Void, WorkerError> {
    guard let provider = Self.providers(settings, kind).first(where: { $0.name == name }) else {
      return .failure(WorkerError(.connection, worker: name, message: "no such \(kind.rawValue) provider"))
    }
    do {
      try await body(provider)
      return .success(())
    } catch {
      return .failure(
        error as? WorkerError ?? WorkerError(.connection, worker: name, message: "\(error)"))
    }
  }

  private func drain<Event>(_ reply: AsyncThrowingStream<Event, any Error>?) async throws {
    if let reply { for try await _ in reply {} }
    try Task.checkCancellation()
  }

  private static func servers(_ providers: [ProviderSettings]) -> [String: [WyomingServer]] {
    let servers = providers.filter { $0.wireProtocol == .wyoming }
      .map { ($0.name, $0.atInstances.map { WyomingServer($0.settings) }) }
    return Dictionary(servers) { first, _ in first }
  }

  static func providers(_ settings: WorkerSettings, _ kind: WorkerKind) -> [ProviderSettings] {
    switch kind {
    case .asr: settings.asr
    case .llm: settings.llm
    case .tts: settings.tts
    case .endOfTurn: settings.endOfTurn
    }
  }

  private static func select(_ providers: [ProviderSettings], _ order: [String]) -> [ProviderSettings] {
    order.isEmpty ? providers : order.compactMap { name in providers.first { $0.name == name } }
  }
}
