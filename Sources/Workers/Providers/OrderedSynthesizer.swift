/// Speaks with the first synthesiser that can.
public struct OrderedSynthesizer: SpeechSynthesizer {
  private let ordered: OrderedProviders<any SpeechSynthesizer>

  public var name: String { ordered.name }

  /// - Parameter isAvailable: Whether the provider of this name is expected to answer; asked at each call.
  public init(
    _ providers: [any SpeechSynthesizer], observer: any WorkerObserver,
    isAvailable: @Sendable @escaping (String) -> Bool = { _ in true }
  ) {
    ordered = OrderedProviders(
      kind: .tts, providers: providers, nameOf: { $0.name }, isAvailable: isAvailable, observer: observer)
  }

  public func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
    ordered.ask(stage: { _ in .result }) { provider, position in
      var request = request
      // The voice was meant for the first; the others have voices of their own.
      if position > 0 { request.voice = nil }
      return provider.synthesize(request)
    }
  }
}
