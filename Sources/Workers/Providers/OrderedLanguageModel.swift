/// Answers with the first language model that can.
public struct OrderedLanguageModel: LanguageModel {
  private let ordered: OrderedProviders<any LanguageModel>

  public var name: String { ordered.name }

  /// - Parameter isAvailable: Whether the provider of this name is expected to answer; asked at each call.
  public init(
    _ providers: [any LanguageModel], observer: any WorkerObserver,
    isAvailable: @Sendable @escaping (String) -> Bool = { _ in true }
  ) {
    ordered = OrderedProviders(
      kind: .llm, providers: providers, nameOf: { $0.name }, isAvailable: isAvailable, observer: observer)
  }

  public func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
    ordered.ask(
      stage: {
        switch $0 {
        case .usage: .preliminary
        case .text, .toolCallStarted, .toolCallArguments: .result
        case .finished: .last
        }
      },
      { provider, _ in provider.complete(request) })
  }
}
