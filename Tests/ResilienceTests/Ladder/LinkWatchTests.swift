import Resilience
import Runtime
import Testing

@Suite("A call's network")
struct LinkWatchTests {
  /// A call that gives a sample a second.
  private struct Call {
    var watch = LinkWatch()
    var second = 0
    var received: UInt64 = 0
    var lost: Int64 = 0
    var changes: [String] = []

    mutating func go(
      seconds: Int, packets: Int = 50, loss: Double = 0, remote: Double? = nil, roundTrip: Int = 80
    ) {
      for _ in 0..<seconds {
        second += 1
        let gone = Int((Double(packets) * loss).rounded())
        received += UInt64(packets - gone)
        lost += Int64(gone)
        let sample = LinkWatch.Sample(
          received: received, lost: lost, remoteLoss: remote, roundTrip: .milliseconds(roundTrip))
        let now = Instant(nanoseconds: Int64(second) * 1_000_000_000)
        if case .network(let up, let down) = watch.sampled(sample, at: now) {
          changes.append("\(up.rawValue) \(down.rawValue)")
        }
      }
    }
  }

  @Test("that loses packets for a while is degraded, and good again when it was good for a while")
  func degraded() {
    var call = Call()
    call.go(seconds: 10)
    call.go(seconds: 2, loss: 0.3)
    call.go(seconds: 20)
    #expect(call.changes == [])
    call.go(seconds: 10, loss: 0.2)
    #expect(call.changes == ["degraded good"])
    call.go(seconds: 30, loss: 0.05)
    #expect(call.changes.count == 1)
    call.go(seconds: 25)
    #expect(call.changes == ["degraded good", "good good"])
  }

  @Test("that carries next to nothing is unusable at once, and good when it was good for a while")
  func unusable() {
    var call = Call()
    call.go(seconds: 20, loss: 0.7)
    #expect(call.changes == ["unusable good"])
    call.go(seconds: 60)
    #expect(call.changes == ["unusable good", "good good"])
  }

  @Test("is judged each way, and by its round trip")
  func directions() {
    var call = Call()
    call.go(seconds: 15, remote: 0.15)
    #expect(call.changes == ["good degraded"])
    call.go(seconds: 40, remote: 0)
    call.go(seconds: 10, roundTrip: 900)
    #expect(call.changes == ["good degraded", "good good", "degraded degraded"])
  }

  @Test("never flaps by more than its waits allow, whatever it loses")
  func flapping() {
    var call = Call()
    for second in 0..<600 { call.go(seconds: 1, loss: second % 8 < 4 ? 0.3 : 0) }
    #expect(call.changes.count <= 1)
  }

  @Test("says nothing while the user says nothing, and forgets what was lost in a pause")
  func silence() {
    var call = Call()
    call.go(seconds: 30, packets: 2, loss: 0.5)
    #expect(call.changes == [])
    call.watch.pause()
    call.lost += 1000
    call.go(seconds: 10)
    #expect(call.changes == [])
  }

  @Test("is not upset by figures that begin anew or make no sense")
  func hostile() {
    var watch = LinkWatch()
    let samples: [LinkWatch.Sample] = [
      .init(received: .max, lost: .max, remoteLoss: .nan), .init(received: 0, lost: .min, remoteLoss: -5),
      .init(received: .max, lost: .max, remoteLoss: .infinity), .init(received: .max, lost: .min),
    ]
    for (second, sample) in samples.enumerated() {
      #expect(watch.sampled(sample, at: Instant(nanoseconds: Int64(second) * 1_000_000_000)) == nil)
    }
  }
}
