import Runtime
import Testing

@testable import Media

struct NACKGeneratorTests {
  private var generator = NACKGenerator(roundTripTime: .milliseconds(50))

  private mutating func receive(_ number: UInt16, at time: Int) -> Bool {
    generator.received(SequenceNumber(number), at: milliseconds(time))
  }

  private mutating func due(at time: Int) -> [UInt16] { lost(generator.takeDue(at: milliseconds(time))) }

  @Test
  mutating func aMissingPacketIsAskedForAfterTheReorderDelayAndEachRoundTrip() {
    _ = receive(65534, at: 0)
    #expect(generator.nextDeadline == nil)
    _ = receive(1, at: 60)
    #expect(generator.nextDeadline == milliseconds(75))
    #expect(due(at: 74) == [])
    #expect(due(at: 75) == [65535, 0])
    #expect(generator.nextDeadline == milliseconds(125))
    #expect(due(at: 124) == [])
    #expect(due(at: 125) == [65535, 0])
    #expect(receive(65535, at: 130) == true)
    #expect(due(at: 175) == [0])
    #expect(receive(0, at: 180) == true)
    #expect(generator.nextDeadline == nil && due(at: 500) == [])
  }

  @Test
  mutating func reorderedPacketsAreNotAskedFor() {
    for (number, time) in [(10, 0), (12, 20), (11, 30), (14, 60), (13, 70)] as [(UInt16, Int)] {
      #expect(receive(number, at: time) == false)
      #expect(due(at: time) == [])
    }
    #expect(generator.nextDeadline == nil)
  }

  @Test
  mutating func nothingIsAskedForThatCouldNotComeInTime() {
    _ = receive(1, at: 0)
    _ = receive(3, at: 0)
    #expect(due(at: 15) == [2])
    #expect(due(at: 65) == [2])
    generator.roundTripTime = .milliseconds(250)
    #expect(due(at: 66) == [])
    #expect(generator.nextDeadline == nil)
    // A round trip longer than the buffer: no requests at all.
    generator.roundTripTime = .milliseconds(400)
    _ = receive(5, at: 100)
    #expect(due(at: 115) == [] && generator.nextDeadline == nil)
  }

  @Test
  mutating func requestsEnd() {
    generator.usefulAge = .seconds(100)
    _ = receive(1, at: 0)
    _ = receive(3, at: 0)
    var asked = 0
    for time in stride(from: 0, to: 5000, by: 5) { asked += due(at: time).count }
    #expect(asked == Int(NACKGenerator.maximumAttempts))
  }

  @Test
  mutating func aJumpIsNoLoss() {
    _ = receive(1, at: 0)
    _ = receive(3, at: 0)
    _ = receive(10_003, at: 10)
    #expect(generator.nextDeadline == nil)
    _ = receive(10_005, at: 20)
    #expect(due(at: 40) == [10_004])
  }

  @Test
  mutating func theListIsBounded() {
    _ = receive(0, at: 0)
    for number in 1...100 as ClosedRange<UInt16> { _ = receive(number * 3, at: 1) }
    var asked: [UInt16] = []
    for time in 20..<40 { asked += due(at: time) }
    // The newest, and all of them, though not all in one packet.
    #expect(asked.count == NACKGenerator.capacity && Set(asked).count == asked.count)
    #expect(asked.max() == 299 && asked.min() == 205)
  }

  /// Speech over a network that loses packets, requests and answers, in virtual time.
  @Test(arguments: [(0.05, 1), (0.1, 1), (0.2, 1), (0.1, 3)])
  func mostOfWhatIsLostComesInTime(loss: Double, burst: Int) {
    var random = SeededGenerator(seed: UInt64(loss * 1000) + UInt64(burst))
    var generator = NACKGenerator(usefulAge: .milliseconds(200), roundTripTime: .milliseconds(60))
    let packets = 5000
    var arrivals: [Int: [Int]] = [:]
    var lostAtFirst = Set<Int>()
    var burstLeft = 0
    for number in 0..<packets {
      if burstLeft == 0, Double.random(in: 0..<1, using: &random) < loss / Double(burst) { burstLeft = burst }
      if burstLeft > 0 {
        burstLeft -= 1
        lostAtFirst.insert(number)
      } else {
        arrivals[number * 20 + 30 + Int.random(in: 0...10, using: &random), default: []].append(number)
      }
    }
    var arrivedAt: [Int: Int] = [:]
    var requests = 0
    for time in 0..<packets * 20 + 500 {
      for number in arrivals[time] ?? [] {
        arrivedAt[number] = arrivedAt[number] ?? time
        generator.received(SequenceNumber(UInt16(number)), at: milliseconds(time))
      }
      for number in lost(generator.takeDue(at: milliseconds(time))) {
        requests += 1
        // The request, and the answer.
        if Double.random(in: 0..<1, using: &random) < loss || Double.random(in: 0..<1, using: &random) < loss {
          continue
        }
        arrivals[time + 60, default: []].append(Int(number))
      }
    }
    let late = lostAtFirst.filter { (arrivedAt[$0] ?? .max) > $0 * 20 + 30 + 250 }
    let recovered = 1 - Double(late.count) / Double(lostAtFirst.count)
    #expect(lostAtFirst.count > 100)
    #expect(recovered > (loss > 0.1 ? 0.75 : 0.9), "recovered \(recovered) of \(lostAtFirst.count)")
    #expect(requests < lostAtFirst.count * 3)
  }

  @Test
  func hostileNumbersDoNotTrap() {
    var random = SeededGenerator(seed: 12)
    var generator = NACKGenerator()
    for _ in 0..<100_000 {
      let now = Instant(nanoseconds: .random(in: .min ... .max, using: &random))
      generator.received(SequenceNumber(.random(in: 0..<300, using: &random)), at: now)
      if Bool.random(using: &random) { _ = generator.takeDue(at: now) }
      _ = generator.nextDeadline
    }
  }
}
