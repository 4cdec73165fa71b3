import Runtime
import Testing

@testable import Rooms

/// Packets of 20 ms in virtual time, and who gets them.
@Suite("Who hears whom")
struct VoiceSwitchTests {
  private static let caller = RoomSeat.caller
  private static let agent = RoomSeat.agent
  private static let human = 2
  private static let listener = 3
  private static let voice: UInt8 = 25
  private static let silence: UInt8 = 90

  /// What came of a stretch of time: for each seat, the places that got its packets, and how many each got.
  private final class Time {
    var voices = VoiceSwitch()
    var now = Instant(nanoseconds: 1_000_000_000)
    var active: [Int] = []

    init(listeners: Int = 1) {
      voices.seat(
        [
          RoomSeat(number: caller, place: 10, isHeard: true), RoomSeat(number: agent, place: nil, isHeard: true),
          RoomSeat(number: human, place: 12, isHeard: true),
        ] + (0..<listeners).map { RoomSeat(number: listener + $0, place: Int32(13 + $0), isHeard: false) })
    }

    /// - Parameter levels: of who sends packets, by seat.
    @discardableResult
    func pass(milliseconds: Int, _ levels: [Int: UInt8]) -> [Int: [Int32: Int]] {
      var heard: [Int: [Int32: Int]] = [:]
      for tick in 0..<milliseconds / 20 {
        for (seat, level) in levels.sorted(by: { $0.key < $1.key }) {
          for index in voices.route(from: seat, level: level, at: now) {
            heard[seat, default: [:]][voices.targets[index], default: 0] += 1
          }
        }
        now = now + .milliseconds(20)
        if tick % 5 == 4, let seat = voices.nextActiveSpeaker(at: now) { active.append(seat) }
      }
      return heard
    }
  }

  @Test("a lone speaker is heard by all others from the first packet on, and not by themselves")
  func lone() {
    let time = Time()
    #expect(time.pass(milliseconds: 200, [Self.caller: Self.voice]) == [Self.caller: [12: 10, 13: 10]])
  }

  @Test("the agent is heard by everybody, the caller included")
  func agent() {
    let time = Time()
    #expect(time.pass(milliseconds: 200, [Self.agent: Self.voice]) == [Self.agent: [10: 10, 12: 10, 13: 10]])
  }

  @Test("who answers after a pause is heard from the first packet on, whoever spoke before")
  func takesTurns() {
    let time = Time()
    time.pass(milliseconds: 1000, [Self.caller: Self.voice, Self.human: Self.silence])
    time.pass(milliseconds: 400, [Self.caller: Self.silence, Self.human: Self.silence])
    let heard = time.pass(milliseconds: 200, [Self.caller: Self.silence, Self.human: Self.voice])
    #expect(heard[Self.human] == [10: 10, 13: 10])
  }

  @Test("who talks over somebody is heard by that one alone, until they pause")
  func talksOver() {
    let time = Time()
    time.pass(milliseconds: 500, [Self.caller: Self.voice])
    let both = time.pass(milliseconds: 500, [Self.caller: Self.voice, Self.human: Self.voice])
    #expect(both == [Self.caller: [12: 25, 13: 25], Self.human: [10: 25]])
    time.pass(milliseconds: 300, [Self.caller: Self.silence, Self.human: Self.voice])
    let after = time.pass(milliseconds: 200, [Self.caller: Self.silence, Self.human: Self.voice])
    #expect(after[Self.human] == [10: 10, 13: 10])
  }

  @Test("a person who speaks over the agent is heard by all after 60 ms")
  func overAgent() {
    let time = Time()
    time.pass(milliseconds: 1000, [Self.agent: Self.voice])
    let heard = time.pass(milliseconds: 200, [Self.agent: Self.voice, Self.caller: Self.voice])
    #expect(heard[Self.caller]?[13] == 8)
    #expect(heard[Self.agent]?[13] == 2)
    #expect(heard[Self.agent]?[10] == 10, "the caller hears what they interrupt")
  }

  @Test("silence goes nowhere new: a microphone that is open takes no place from who spoke last")
  func openMicrophone() {
    let time = Time()
    time.pass(milliseconds: 500, [Self.caller: Self.voice])
    let heard = time.pass(milliseconds: 5000, [Self.caller: Self.silence, Self.human: Self.silence])
    #expect(heard == [Self.caller: [12: 250, 13: 250]])
    #expect(time.voices.first == Self.caller)
  }

  @Test("who is muted or only listens is heard by nobody, and what was theirs is free")
  func muted() {
    let time = Time()
    time.pass(milliseconds: 500, [Self.human: Self.voice])
    time.voices.seat([
      RoomSeat(number: Self.caller, place: 10, isHeard: true), RoomSeat(number: Self.human, place: 12, isHeard: false),
      RoomSeat(number: Self.listener, place: 13, isHeard: false),
    ])
    #expect(time.voices.first == nil)
    #expect(time.pass(milliseconds: 200, [Self.human: Self.voice, Self.listener: Self.voice]) == [:])
    let heard = time.pass(milliseconds: 200, [Self.human: Self.voice, Self.caller: Self.voice])
    #expect(heard == [Self.caller: [12: 10, 13: 10]])
  }

  @Test("a sender that tells no level is heard; a number that is nobody's is not")
  func unknown() {
    let time = Time()
    let range = time.voices.route(from: Self.human, level: nil, at: time.now)
    #expect(range.map { time.voices.targets[$0] } == [10, 13])
    #expect(time.voices.route(from: 99, level: 0, at: time.now).isEmpty)
    #expect(time.voices.route(from: -1, level: 0, at: time.now).isEmpty)
  }

  @Test("a hundred listeners get each packet once")
  func hundred() {
    let time = Time(listeners: 100)
    let heard = time.pass(milliseconds: 20, [Self.caller: Self.voice])
    #expect(heard[Self.caller]?.count == 101)
    #expect(heard[Self.caller]?.values.allSatisfy { $0 == 1 } == true)
  }

  // MARK: Active speaker

  @Test("the active speaker changes with who has the floor, and not with a cough or a word between")
  func activeSpeaker() {
    let time = Time()
    time.pass(milliseconds: 1000, [Self.agent: Self.voice, Self.caller: Self.silence])
    #expect(time.active == [Self.agent])
    time.pass(milliseconds: 200, [Self.agent: Self.voice, Self.caller: Self.voice])
    time.pass(milliseconds: 1000, [Self.agent: Self.voice, Self.caller: Self.silence])
    #expect(time.active == [Self.agent])
    time.pass(milliseconds: 1500, [Self.caller: Self.voice])
    #expect(time.active == [Self.agent, Self.caller])
    time.pass(milliseconds: 3000, [Self.caller: Self.silence])
    time.pass(milliseconds: 1000, [Self.caller: Self.voice])
    #expect(time.active == [Self.agent, Self.caller])
  }

  @Test("who outspeaks somebody for a second becomes the active speaker; two of a kind do not flutter")
  func outspoken() {
    let time = Time()
    time.pass(milliseconds: 1000, [Self.caller: 30])
    time.pass(milliseconds: 5000, [Self.caller: 30, Self.human: 28])
    #expect(time.active == [Self.caller])
    time.pass(milliseconds: 3000, [Self.caller: 30, Self.human: 15])
    #expect(time.active == [Self.caller, Self.human])
  }

  @Test("whatever comes, a packet goes to nobody twice and never back", arguments: 1...20 as ClosedRange<UInt64>)
  func invariants(seed: UInt64) {
    var dice = seed
    func below(_ bound: Int) -> Int {
      dice = dice &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((dice >> 33) % UInt64(bound))
    }
    var voices = VoiceSwitch()
    var seats: [RoomSeat] = []
    var now = Instant(nanoseconds: 0)
    for _ in 0..<3000 {
      now = now + .milliseconds(below(40))
      if below(50) == 0 {
        seats = (0..<8).filter { _ in below(3) > 0 }.map {
          RoomSeat(number: $0, place: $0 == RoomSeat.agent ? nil : Int32($0 + 100), isHeard: below(3) > 0)
        }
        voices.seat(seats)
      }
      if below(5) == 0 {
        let active = voices.nextActiveSpeaker(at: now)
        #expect(active == nil || seats.contains { $0.number == active && $0.isHeard })
      }
      let sender = below(10)
      let targets = voices.route(from: sender, level: UInt8(below(128)), at: now).map { voices.targets[$0] }
      #expect(Set(targets).count == targets.count)
      #expect(!targets.contains(Int32(sender + 100)))
      #expect(targets.allSatisfy { place in seats.contains { $0.place == place } })
      if seats.first(where: { $0.number == sender })?.isHeard != true { #expect(targets.isEmpty) }
    }
  }
}
