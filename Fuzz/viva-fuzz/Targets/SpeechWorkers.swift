import Foundation
import NIOCore
import VivaConfiguration

@testable import Workers

extension FuzzTarget {
  /// What a Wyoming server sends.
  static let wyoming = FuzzTarget("wyoming") { input in
    let whole = wyomingEvents([input.bytes])
    let inPieces = wyomingEvents(input.pieces)
    expect(whole.events == inPieces.events, "the events depend on how the stream was cut")
    expect(whole.error == inPieces.error, "the error depends on how the stream was cut")
    for event in whole.events {
      expect(event.payload.readableBytes <= WyomingParser.maximumPayload, "\(event.payload.readableBytes) bytes")
      guard let info = try? event.decode(WyomingInfo.self) else { continue }
      _ = (info.partials, info.voices)
    }
  }

  /// The reply to `POST /audio/transcriptions`, as a stream and as one body.
  static let transcription = FuzzTarget("transcription") { input in
    let whole = transcript([input.bytes])
    let inPieces = transcript(input.pieces)
    expect(whole.events == inPieces.events && whole.failed == inPieces.failed, "it depends on how the stream was cut")
    for case .final(let transcript) in whole.events {
      if let confidence = transcript.confidence { expect((0...1).contains(confidence), "confidence \(confidence)") }
    }
    var reader = TranscriptionReader(worker: "asr")
    _ = try? reader.read(body: Data(input.bytes))
  }

  /// The reply to `POST /audio/speech`: a line with the content type, then the body.
  static let speechReply = FuzzTarget("speech-reply") { input in
    let (contentType, body) = input.firstLine
    let stream = FuzzInput(bytes: body.bytes.withOggChecksums)
    for (asked, acceptsOpus) in [(ProviderSettings.AudioResponse.pcm, false), (.opus, true)] {
      let whole = try? speech([stream.bytes], contentType, asked, acceptsOpus)
      let inPieces = try? speech(stream.pieces, contentType, asked, acceptsOpus)
      expect(whole == inPieces, "the audio depends on how the stream was cut")
    }
  }

  private static func wyomingEvents(_ pieces: [[UInt8]]) -> (events: [WyomingEvent], error: WorkerError.Kind?) {
    var parser = WyomingParser(worker: "asr")
    var events: [WyomingEvent] = []
    do {
      for piece in pieces {
        parser.append(ByteBuffer(bytes: piece))
        while let event = try parser.next() { events.append(event) }
      }
      return (events, nil)
    } catch {
      return (events, (error as? WorkerError)?.kind)
    }
  }

  private static func transcript(_ pieces: [[UInt8]]) -> (events: [RecognitionEvent], failed: Bool) {
    var stream = ServerSentEventParser(worker: "asr")
    var reader = TranscriptionReader(worker: "asr")
    var events: [RecognitionEvent] = []
    do {
      for piece in pieces where !reader.isDone {
        for data in try stream.read(ByteBuffer(bytes: piece)) where !reader.isDone {
          events += [try reader.read(event: data)].compactMap(\.self)
        }
      }
      return (events, false)
    } catch {
      return (events, true)
    }
  }

  /// All packets, and all samples with their rate.
  private static func speech(
    _ pieces: [[UInt8]], _ contentType: String, _ asked: ProviderSettings.AudioResponse, _ acceptsOpus: Bool
  ) throws -> [SpeechChunk] {
    var reader = try SpeechReplyReader(
      contentType: contentType, asked: asked, sampleRate: 24_000, acceptsOpus: acceptsOpus, worker: "tts")
    var chunks: [SpeechChunk] = []
    for piece in pieces {
      for chunk in try reader.read(ByteBuffer(bytes: piece)) {
        if case .pcm(let more, let rate) = chunk, case .pcm(let samples, rate)? = chunks.last {
          chunks[chunks.count - 1] = .pcm(samples + more, sampleRate: rate)
        } else {
          chunks.append(chunk)
        }
      }
    }
    return chunks
  }
}
