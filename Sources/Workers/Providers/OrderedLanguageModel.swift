/// Answers with the first language model that can.
public struct OrderedLanguageModel: LanguageModel {
  private let ordered: OrderedProviders<any LanguageModel>
  private let isWhole: Bool

  public var name: String { ordered.name }

  /// - Parameters:
  ///   - isAvailable: Whether the provider of this name is expected to answer; asked at each call.
  ///   - board: What is known of the providers; nil is one of its own.
  ///   - isWhole: What is said comes all at once when it is whole, and can be begun again until then.
  ///   - pool: Gives their slots; nil: they take all that comes.
  public init(
    _ providers: [any LanguageModel], observer: any WorkerObserver,
    board: ProviderBoard? = nil, pool: WorkerPool? = nil,
    isWhole: Bool = false, isAvailable: @Sendable @escaping (String) -> Bool = { _ in true }
  ) {
    self.init(
      providers.map { ProviderInstances($0.name, $0) }, observer: observer, board: board, pool: pool, isWhole: isWhole,
      isAvailable: isAvailable)
  }

  init(
    _ providers: [ProviderInstances<any LanguageModel>], observer: any WorkerObserver, board: ProviderBoard?,
    pool: WorkerPool?, isWhole: Bool = false, isAvailable: @Sendable @escaping (String) -> Bool
  ) {
    self.isWhole = isWhole
    ordered = OrderedProviders(
      kind: .llm, providers: providers, isAvailable: isAvailable, observer: observer,
      board: board ?? ProviderBoard(.llm, providers.map(\.name)), pool: pool)
  }

  public func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
    let length = Double(request.promptLength)
    return ordered.avoiding(request.avoids).ask(
      Asking(
        stage: {
          switch $0 {
          case .usage, .cached: .preliminary
          case .text, .toolCallStarted, .toolCallArguments: .result
          case .finished: .last
          }
        },
        work: { length }, isWhole: isWhole,
        call: { provider, _ in provider.complete(request) }))
  }
}

extension CompletionRequest {
  /// Bytes of text, which stand for its tokens.
  fileprivate var promptLength: Int {
    messages.reduce(0) { length, message in
      switch message {
      case .system(let text), .user(let text), .assistant(let text), .toolResult(_, let text): length + text.utf8.count
      case .toolCalls(let calls): calls.reduce(length) { $0 + $1.arguments.utf8.count }
      }
    }
  }
}
