import Foundation
import Testing

@testable import Realtime

/// Hostile input: whatever the bytes are, decoding returns or throws.
@Suite struct MutationTests {
  private static let seeds: [String] = [
    #"{"type":"input_audio_buffer.append","event_id":"e1","audio":"AAECAwQFBgc="}"#,
    #"{"type":"input_audio_buffer.append","audio":"AAECAwQFBgcICQ=="}"#,
    #"{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1500}"#,
    #"{"type":"conversation.item.create","item":{"id":"x","type":"message","role":"user","content":[{"type":"input_text","text":"Hi é \ud83d\ude00"},{"type":"input_audio","audio":"AAE="}]}}"#,
    #"{"type":"session.update","session":{"type":"realtime","output_modalities":["audio"],"audio":{"input":{"format":{"type":"audio/pcm","rate":24000},"turn_detection":{"type":"server_vad","threshold":0.5,"idle_timeout_ms":6000}},"output":{"voice":"v","speed":1.0}},"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{"a":{"type":"number","maximum":1e9}}}}],"max_output_tokens":"inf","truncation":"auto"}}"#,
    #"{"type":"response.create","response":{"metadata":{"a":"b"},"conversation":"none","input":[{"type":"item_reference","id":"i"}],"max_output_tokens":100}}"#,
    #"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/opus"},"turn_detection":{"type":"semantic_vad","eagerness":"high","create_response":true},"transcription":{"languages":["de","en"],"keywords":["a"],"delay":"low"}}},"reasoning":{"effort":"low"},"parallel_tool_calls":true,"tracing":{"group_id":"g"}}}"#,
    #"{"type":"session.update","session":{"type":"transcription","include":["item.input_audio_transcription.logprobs"],"audio":{"input":{"format":{"type":"audio/pcmu"},"noise_reduction":{"type":"near_field"},"transcription":{"model":"m","prompt":"p"},"turn_detection":null}}}}"#,
    #"{"type":"response.create","response":{"conversation":"none","input":[{"type":"message","role":"user","content":[{"type":"input_audio","audio":"AAE="}]},{"type":"function_call","name":"f","arguments":"{}"}],"reasoning":{"effort":"xhigh"}}}"#,
  ]

  /// Pieces that parsers trip over.
  private static let pieces: [[UInt8]] =
    [
      "\"", "\\", "{", "}", "[", "]", ":", ",", "null", "true", "-", "1e999", "-1e999", "NaN", "Infinity",
      "99999999999999999999999", "-9223372036854775809", "0.1e-400", "\\u0000", "\\ud800", "\\udc00\\ud800", "\u{0}",
      "=",
      "\u{FEFF}", "\u{202E}", "[[[[[[[[", "{\"a\":{\"a\":", "\"type\":\"response.create\",",
    ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80]]

  private static func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let index = Int.random(in: 0...bytes.count, using: &generator)
      let end = min(bytes.count, index + Int.random(in: 0...8, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(index..<end)
      case 2: bytes.insert(contentsOf: bytes[index..<end], at: index)
      case 3: bytes.removeSubrange(index...)
      default: bytes.replaceSubrange(index..<end, with: pieces.randomElement(using: &generator) ?? [])
      }
    }
    return bytes
  }

  @Test(arguments: seeds)
  func mutatedEventsDecodeOrThrow(seed: String) {
    var generator = SeededGenerator(seed: UInt64(seed.utf8.count))
    let bytes = Array(seed.utf8)
    let kind: RealtimeSession.Kind = seed.contains("transcription\",\"include") ? .transcription : .realtime
    let session = RealtimeSession(id: "sess_1", model: "assistant", kind: kind)
    var refused = 0
    for _ in 0..<4000 {
      let mutant = Self.mutate(bytes, &generator)
      do throws(RealtimeError) {
        let event = try ClientEvent.decode(mutant)
        if case .sessionUpdate(let patch) = event.body {
          let updated = try session.applying(patch, audioHasBeenProduced: false)
          #expect(!ServerEvent.sessionUpdated(updated).encoded(eventID: "e").isEmpty)
        }
      } catch {
        refused += 1
        #expect(error.type == "invalid_request_error")
        #expect(!ServerEvent.error(error).encoded(eventID: "e").isEmpty)
      }
    }
    #expect(refused > 1000)
  }

  @Test func mutatedBodiesOfKeysDecodeOrThrow() {
    let seed = Array(
      #"{"expires_after":{"anchor":"created_at","seconds":600},"session":{"type":"realtime","model":"m"},"viva":{"scope":"sideband","call_id":"c"}}"#
        .utf8)
    var generator = SeededGenerator(seed: 11)
    var refused = 0
    for _ in 0..<4000 {
      do throws(RealtimeError) {
        let request = try ClientSecretRequest.decode(Self.mutate(seed, &generator))
        #expect((10...7200).contains(request.seconds))
      } catch {
        refused += 1
        #expect(error.type == "invalid_request_error")
      }
    }
    #expect(refused > 1000)
  }

  /// The scanner for appends may refuse to answer, but must not answer otherwise than the general decoder.
  @Test func theScannerAgreesWithTheDecoder() throws {
    var generator = SeededGenerator(seed: 99)
    var scanned = 0
    for index in 0..<8000 {
      let mutant = index % 4 == 0 ? Array(Self.seeds[0].utf8) : Self.mutate(Array(Self.seeds[0].utf8), &generator)
      guard let append = AppendScanner.scan(mutant) else { continue }
      scanned += 1
      let general = try RealtimeJSON.decode(ClientMessage.self, from: mutant)
      #expect(general.eventID == append.eventID)
      #expect(general.body == Result { () throws(RealtimeError) in try ClientEvent.append(append.audio) })
    }
    #expect(scanned > 2000)
  }

  @Test func mutatedServerEventsDecodeOrThrow() {
    var generator = SeededGenerator(seed: 5)
    var order = ResponseOrder()
    for event in Samples.all {
      let bytes = event.encoded(eventID: "e")
      for _ in 0..<100 {
        guard let message = try? ServerMessage.decode(Self.mutate(bytes, &generator)) else { continue }
        _ = order.check(message)
      }
    }
    #expect(order.openResponses.count <= 1)
  }
}
