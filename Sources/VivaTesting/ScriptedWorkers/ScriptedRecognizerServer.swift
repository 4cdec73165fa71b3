import NIOCore
import Synchronization
import VivaConfiguration
import Workers

/// A Wyoming ASR server on 127.0.0.1 that answers as told.
public final class ScriptedRecognizerServer: Sendable {
  /// The answer to one turn.
  public struct Reply: Sendable {
    /// The transcript, of the length of the audio.
    public var transcript: @Sendable (Duration) -> String
    public var confidence: Double?
    /// Sent one after the other while audio comes, each as one `transcript-chunk`.
    public var partials: [String] = []
    /// Length of audio between two partials.
    public var partialInterval: Duration = .milliseconds(400)
    /// From the end of the audio to the transcript.
    public var delay: Duration = .zero
    /// Sends the transcript after this much audio, without waiting for its end.
    public var endpoint: Duration?
    public var fault: ScriptedFault?

    public init(_ text: String) {
      transcript = { _ in text }
    }
  }

  /// What a client sent for one turn.
  public struct Turn: Sendable, Equatable {
    public var language: String?
    public var audioBytes = 0
    public var chunks = 0
    /// `audio-stop` came.
    public var isWhole = false

    public init(language: String? = nil, audioBytes: Int = 0, chunks: Int = 0, isWhole: Bool = false) {
      self.language = language
      self.audioBytes = audioBytes
      self.chunks = chunks
      self.isWhole = isWhole
    }
  }

  /// What the server's `info` claims of `transcript-chunk`.
  public typealias Partials = ProviderSettings.Partials

  public let listener: ScriptedListener
  private let recorded: Recorder<Turn>

  public var url: String { "tcp://127.0.0.1:\(listener.port)" }
  public var counts: ScriptedCounts { listener.counts }
  /// In the order of their ends; the oldest are forgotten.
  public var turns: [Turn] { recorded.all }

  /// - Parameters:
  ///   - partials: What its `info` claims.
  ///   - closesAfterTranscript: As usual servers do.
  ///   - reply: Is given the number of the request, from 0.
  public init(
    partials: Partials = .whole, closesAfterTranscript: Bool = true,
    reply: @Sendable @escaping (Int) -> Reply
  ) async throws {
    let recorder = Recorder<Turn>()
    recorded = recorder
    listener = try await ScriptedListener { listener, channel in
      let script = Script(
        partials: partials, closes: closesAfterTranscript, reply: reply, recorder: recorder)
      try channel.pipeline.syncOperations.addHandler(WyomingServerHandler(listener, script))
    }
  }

  /// Answers with `texts` in turn, round and round.
  public convenience init(_ texts: [String]) async throws {
    try await self.init { Reply(texts.isEmpty ? "" : texts[$0 % texts.count]) }
  }

  public func shutdown() async { await listener.shutdown() }

  /// One connection.
  private final class Script: WyomingScript {
    private struct Transcribe: Decodable { var language: String? }

    private let partials: Partials
    private let closes: Bool
    private let makeReply: @Sendable (Int) -> Reply
    private let recorder: Recorder<Turn>
    private var reply: Reply?
    private var turn = Turn()
    private var sent = 0

    init(
      partials: Partials, closes: Bool, reply: @Sendable @escaping (Int) -> Reply, recorder: Recorder<Turn>
    ) {
      self.partials = partials
      self.closes = closes
      makeReply = reply
      self.recorder = recorder
    }

    func received(_ event: WyomingEvent, _ player: ScriptPlayer<[WyomingEvent]>) -> [ScriptStep<[WyomingEvent]>] {
      switch event.type {
      case "describe":
        return [.send([info])]
      case "transcribe":
        turn.language = (try? event.decode(Transcribe.self))?.language
      case "audio-start":
        reply = makeReply(player.begin())
        if case .error(let text, _) = reply?.fault {
          return [.send([WyomingEvent("error", ["text": .string(text)])]), .close]
        }
        return next()
      case "audio-chunk":
        turn.audioBytes += event.payload.readableBytes
        turn.chunks += 1
        return next()
      case "audio-stop":
        turn.isWhole = true
        recorder.append(turn)
        return end(after: reply?.delay ?? .zero)
      default: break
      }
      return []
    }

    private var heard: Duration { .milliseconds(turn.audioBytes / 32) }

    /// What is due by the audio so far.
    private func next() -> [ScriptStep<[WyomingEvent]>] {
      guard let reply else { return [] }
      if let fault = faultDue(reply) { return fault }
      if let endpoint = reply.endpoint, heard >= endpoint { return end(after: .zero) }
      var steps: [ScriptStep<[WyomingEvent]>] = []
      while sent < reply.partials.count, heard >= reply.partialInterval * (sent + 1) {
        steps.append(.send([WyomingEvent("transcript-chunk", ["text": .string(reply.partials[sent])])]))
        sent += 1
        if let fault = faultDue(reply) { return steps + fault }
      }
      return steps
    }

    private func faultDue(_ reply: Reply) -> [ScriptStep<[WyomingEvent]>]? {
      switch reply.fault {
      case .stall(sent): [.stall]
      case .close(sent): [.close]
      case .garbage(sent): [.send([WyomingServerHandler.garbage]), .stall]
      default: nil
      }
    }

    private func end(after delay: Duration) -> [ScriptStep<[WyomingEvent]>] {
      guard let reply else { return [] }
      if let fault = faultDue(reply) { return fault }
      self.reply = nil
      var data: [String: JSONValue] = ["text": .string(reply.transcript(heard))]
      data["confidence"] = reply.confidence.map(JSONValue.number)
      turn = Turn()
      sent = 0
      return [.wait(delay), .send([WyomingEvent("transcript", .object(data))]), .done] + (closes ? [.close] : [])
    }

    private var info: WyomingEvent {
      var program: [String: JSONValue] = [
        "name": "scripted", "installed": .bool(true), "models": [],
        "supports_transcript_streaming": .bool(partials == .whole || partials == .piece),
      ]
      if partials == .whole { program["transcript_chunk"] = "whole" }
      return WyomingEvent("info", ["asr": [.object(program)], "tts": []])
    }
  }
}
