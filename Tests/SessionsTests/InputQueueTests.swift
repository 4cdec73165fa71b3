import Audio
import Realtime
import Runtime
import Testing
import VivaConfiguration

@testable import Sessions

@Suite("What participants have sent")
struct InputQueueTests {
  private let start = Instant(nanoseconds: 1_000_000_000)
  private let side = ParticipantID(value: 1)

  private func queue(messages: Int = 500, audioRate: Double = 8) -> InputQueue {
    var limits = LimitSettings()
    limits.messagesPerSecond = messages
    limits.audioRate = audioRate
    return InputQueue(limits)
  }

  private func event(_ body: ClientEvent.Body = .inputAudioBufferClear) -> InputLine.Entry {
    InputLine.Entry(.client(ClientEvent(body))) {}
  }

  /// Takes what may be taken now; returns its senders.
  private func drain(_ queue: inout InputQueue, _ encoding: AudioEncoding = .pcm, at now: Instant) -> [Int] {
    var senders: [Int] = []
    while case .input(_, let sender, _, _) = queue.next(encoding, at: now) { senders.append(sender.value) }
    return senders
  }

  private func due(_ queue: inout InputQueue, at now: Instant) -> Instant? {
    if case .wait(let due) = queue.next(.pcm, at: now) { due } else { nil }
  }

  @Test("is let through at the limit: a burst of two seconds' worth, then one by one")
  func messageRate() throws {
    var queue = queue(messages: 10)
    for _ in 0..<30 { queue.append(event(), from: .client, at: start) }
    #expect(drain(&queue, at: start).count == 20)
    let next = try #require(due(&queue, at: start))
    #expect(next - start <= .milliseconds(101))
    #expect(drain(&queue, at: next).count == 1)
    #expect(drain(&queue, at: start + .seconds(1)).count == 9)
  }

  @Test("of one does not hold up another: each has its own limit and its turn")
  func fairness() {
    var queue = queue(messages: 10)
    for _ in 0..<100 { queue.append(event(), from: side, at: start) }
    for _ in 0..<5 { queue.append(event(), from: .client, at: start) }
    let senders = drain(&queue, at: start)
    #expect(senders.count == 25)
    #expect(senders.prefix(10) == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0])
    queue.append(event(), from: .client, at: start)
    #expect(drain(&queue, at: start) == [0], "the flood waits, the client does not")
  }

  @Test("as long audio comes in pieces, and what others send comes between them")
  func pieces() throws {
    var queue = queue()
    let audio = [UInt8](repeating: 7, count: 100_001)
    queue.append(event(.inputAudioBufferAppend(audio: audio)), from: .client, at: start)
    queue.append(event(), from: side, at: start)
    var order: [Int] = []
    var taken = 0
    while case .input(let input, let sender, let isWhole, _) = queue.next(.pcm, at: start) {
      order.append(sender.value)
      guard case .client(let event) = input, case .inputAudioBufferAppend(let piece) = event.body else { continue }
      taken += piece.count
      #expect(isWhole == (taken == audio.count))
      if !isWhole { #expect(piece.count.isMultiple(of: 2)) }
    }
    #expect(taken == audio.count)
    #expect(order == [0, 1, 0, 0, 0, 0])
  }

  @Test(
    "as audio is let through no faster than the multiple of real time that is allowed",
    arguments: [(AudioEncoding.pcm, 48_000), (.mulaw, 8000), (.alaw, 8000)])
  func audioRate(encoding: AudioEncoding, bytesPerSecond: Int) throws {
    var queue = queue(audioRate: 2)
    for _ in 0..<60 {
      let second = [UInt8](repeating: 0, count: bytesPerSecond)
      queue.append(event(.inputAudioBufferAppend(audio: second)), from: .client, at: start)
    }
    func seconds(at now: Instant) -> Double {
      var bytes = 0
      while case .input(let input, _, _, _) = queue.next(encoding, at: now) {
        if case .client(let event) = input, case .inputAudioBufferAppend(let audio) = event.body {
          bytes += audio.count
        }
      }
      return Double(bytes) / Double(bytesPerSecond)
    }
    // What was recorded before may come in one go, up to half a minute.
    #expect(seconds(at: start) == 30)
    #expect(seconds(at: start + .seconds(5)) == 10)
    #expect(seconds(at: start + .seconds(10)) == 10)
  }

  @Test("as Opus packets counts by their length in time")
  func packets() throws {
    let encoder = try OpusEncoder(sampleRate: 48_000)
    let packet = try encoder.encode(Array(repeating: 1000, count: 960))
    var queue = queue(messages: 1_000_000, audioRate: 1)
    for _ in 0..<2000 { queue.append(InputLine.Entry(.packet(packet)) {}, from: .client, at: start) }
    #expect(drain(&queue, .opus, at: start).count == 1500)
    #expect(drain(&queue, .opus, at: start + .seconds(1)).count == 50)
  }

  @Test("by one who has left is forgotten")
  func leaves() {
    var queue = queue()
    for _ in 0..<3 { queue.append(event(), from: side, at: start) }
    queue.append(event(), from: .client, at: start)
    queue.remove(side)
    #expect(drain(&queue, at: start) == [0])
  }
}
