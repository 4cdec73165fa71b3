/// Understands with the first recogniser that can; the next one hears the turn from its beginning.
public struct OrderedRecognizer: SpeechRecognizer {
  private let ordered: OrderedProviders<any SpeechRecognizer>

  public var name: String { ordered.name }

  /// - Parameters:
  ///   - isAvailable: Whether the provider of this name is expected to answer; asked at each call.
  ///   - board: What is known of the providers; nil is one of its own.
  ///   - pool: Gives their slots; nil: they take all that comes.
  public init(
    _ providers: [any SpeechRecognizer], observer: any WorkerObserver,
    board: ProviderBoard? = nil, pool: WorkerPool? = nil,
    isAvailable: @Sendable @escaping (String) -> Bool = { _ in true }
  ) {
    self.init(
      providers.map { ProviderInstances($0.name, $0) }, observer: observer, board: board, pool: pool,
      isAvailable: isAvailable)
  }

  init(
    _ providers: [ProviderInstances<any SpeechRecognizer>], observer: any WorkerObserver, board: ProviderBoard?,
    pool: WorkerPool?, isAvailable: @Sendable @escaping (String) -> Bool
  ) {
    ordered = OrderedProviders(
      kind: .asr, providers: providers, isAvailable: isAvailable, observer: observer,
      board: board ?? ProviderBoard(.asr, providers.map(\.name)), pool: pool)
  }

  public func recognize(
    _ request: RecognitionRequest, audio: AsyncStream<[Int16]>
  ) -> AsyncThrowingStream<RecognitionEvent, any Error> {
    let tape = AudioTape(audio, keeps: ordered.hasOneInstance ? 0 : AudioTape.maximumSamples)
    return ordered.ask(
      Asking(
        stage: {
          switch $0 {
          case .partial: .preliminary
          case .final(let transcript): transcript.text.isEmpty && tape.isClearlyVoiced ? .hollow : .last
          }
        },
        started: { tape.endedAt }, mayGoOn: { tape.isWhole }, work: { tape.seconds },
        // Noise can sound like a voice: that all of them hear no word in it is an answer.
        takesHollow: true,
        call: { provider, _ in provider.recognize(request, audio: tape.play()) }))
  }
}
