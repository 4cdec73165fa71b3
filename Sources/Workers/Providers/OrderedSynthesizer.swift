/// Speaks with the first synthesiser that can.
public struct OrderedSynthesizer: SpeechSynthesizer {
  private let ordered: OrderedProviders<any SpeechSynthesizer>

  public var name: String { ordered.name }

  public init(_ providers: [any SpeechSynthesizer], observer: any WorkerObserver) {
    ordered = OrderedProviders(kind: .tts, providers: providers, nameOf: { $0.name }, observer: observer)
  }

  public func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
    ordered.ask(stage: { _ in .result }) { provider, earlier in
      var request = request
      // The voice was meant for the first; the others have voices of their own.
      if earlier > 0 { request.voice = nil }
      return provider.synthesize(request)
    }
  }
}
