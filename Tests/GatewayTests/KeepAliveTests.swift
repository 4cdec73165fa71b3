import Runtime
import Testing

@testable import Gateway

@Suite("Clients that may be gone")
struct KeepAliveTests {
  private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

  /// What happens in each quarter of a second.
  private func run(
    _ keepAlive: inout KeepAlive, _ seconds: ClosedRange<Int>, answering: (Double) -> Bool = { _ in false }
  ) -> [(second: Double, due: KeepAlive.Due)] {
    (seconds.lowerBound * 4...seconds.upperBound * 4).flatMap { quarter in
      let second = Double(quarter) / 4
      let due = keepAlive.due(at: at(second))
      for case .ping(let id) in due where answering(second) { keepAlive.heard(id, at: at(second + 0.1)) }
      return due.map { (second, $0) }
    }
  }

  @Test("are pinged once and given up when no pong comes")
  func dead() {
    var keepAlive = KeepAlive(interval: .seconds(20), timeout: .seconds(40))
    keepAlive.opened(1, at: at(0))
    let events = run(&keepAlive, 0...100)
    #expect(events.map(\.due) == [.ping(1), .dead(1)])
    #expect(events.map(\.second) == [20, 40])
    #expect(keepAlive.count == 0)
  }

  @Test("are pinged again and again while they answer")
  func alive() {
    var keepAlive = KeepAlive(interval: .seconds(20), timeout: .seconds(40))
    keepAlive.opened(1, at: at(0))
    let events = run(&keepAlive, 0...200) { $0 < 100 }
    #expect(events.filter { $0.due == .ping(1) }.count == 5)
    #expect(events.last?.due == .dead(1))
    #expect((120...122).contains(events.last?.second ?? 0))
  }

  @Test("are left alone once they have left, or while they cannot answer")
  func left() {
    var keepAlive = KeepAlive(interval: .seconds(20), timeout: .seconds(40))
    keepAlive.opened(1, at: at(0))
    keepAlive.closed(1)
    keepAlive.heard(1, at: at(1))
    keepAlive.opened(2, at: at(0))
    for second in 1...100 { keepAlive.heard(2, at: at(Double(second))) }
    #expect(run(&keepAlive, 100...119).isEmpty)
    #expect(run(&keepAlive, 120...121).map(\.due) == [.ping(2)])
    #expect(keepAlive.count == 1)
  }

  @Test("may answer late, as long as it is before they are given up")
  func late() {
    var keepAlive = KeepAlive(interval: .seconds(20), timeout: .seconds(40))
    keepAlive.opened(1, at: at(0))
    #expect(run(&keepAlive, 0...39).map(\.due) == [.ping(1)])
    keepAlive.heard(1, at: at(39.9))
    #expect(run(&keepAlive, 40...59).isEmpty)
    #expect(run(&keepAlive, 60...61).map(\.due) == [.ping(1)])
  }
}
