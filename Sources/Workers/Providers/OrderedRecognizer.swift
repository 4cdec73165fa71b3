/// Understands with the first recogniser that can; the next one hears the turn from its beginning.
public struct OrderedRecognizer: SpeechRecognizer {
  private let ordered: OrderedProviders<any SpeechRecognizer>

  public var name: String { ordered.name }

  /// - Parameter isAvailable: Whether the provider of this name is expected to answer; asked at each call.
  public init(
    _ providers: [any SpeechRecognizer], observer: any WorkerObserver,
    isAvailable: @Sendable @escaping (String) -> Bool = { _ in true }
  ) {
    ordered = OrderedProviders(
      kind: .asr, providers: providers, nameOf: { $0.name }, isAvailable: isAvailable, observer: observer)
  }

  public func recognize(
    _ request: RecognitionRequest, audio: AsyncStream<[Int16]>
  ) -> AsyncThrowingStream<RecognitionEvent, any Error> {
    let isLast = ordered.providers.count <= 1
    let tape = AudioTape(audio, keeps: isLast ? 0 : AudioTape.maximumSamples)
    return ordered.ask(
      stage: {
        switch $0 {
        case .partial: .preliminary
        case .final: .last
        }
      },
      started: { tape.endedAt }, mayGoOn: { tape.isWhole },
      { provider, _ in provider.recognize(request, audio: tape.play()) })
  }
}
