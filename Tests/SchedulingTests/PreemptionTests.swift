import Runtime
import Testing

@testable import Scheduling

@Suite struct PreemptionTests {
  @Test("CRITICAL takes a slot from the lowest class, most recently started")
  func takesTheNewestOfTheLowest() throws {
    var harness = try Harness(slots: 4)
    var ids: [RequestID] = []
    for priority in [Priority.low, .low, .medium, .high] {
      ids.append(harness.submit(priority).id)
      harness.now = harness.now + .seconds(1)
    }
    #expect(harness.submit(.critical).actions == [.cancel(ids[1])])
    #expect(harness.submit(.critical).actions == [.cancel(ids[0])])
    #expect(harness.submit(.critical).actions == [.cancel(ids[2])])
    #expect(harness.submit(.critical).actions == [.cancel(ids[3])])
  }

  @Test("a class keeps its floor as long as another has more than its own; then it gives up that too")
  func leavesTheFloors() throws {
    var harness = try Harness(slots: 4)
    let (low, _) = harness.submit(.low)
    let medium = harness.submit(.medium, count: 2)
    let (high, _) = harness.submit(.high)
    // Of 4 slots, 5 % is one.
    #expect(harness.submit(.critical).actions == [.cancel(medium[1])])
    #expect(harness.submit(.critical).actions == [.cancel(low)])
    #expect(harness.submit(.critical).actions == [.cancel(medium[0])])
    #expect(harness.submit(.critical).actions == [.cancel(high)])
  }

  @Test("never from its own class")
  func sparesItsOwnClass() throws {
    var harness = try Harness(slots: 2)
    _ = harness.submit(.critical, count: 2)
    #expect(harness.submit(.critical).actions.isEmpty)
  }

  @Test("the other classes take no slot from anyone", arguments: [Priority.high, .medium, .low])
  func onlyCriticalPreempts(priority: Priority) throws {
    var harness = try Harness(slots: 2)
    _ = harness.submit(.low, count: 2)
    #expect(harness.submit(priority).actions.isEmpty)
  }

  @Test("the victim's slot is free when its worker has stopped, not before")
  func waitsForTheWorker() throws {
    var harness = try Harness(slots: 2)
    let victim = harness.submit(.low, count: 2)[1]
    let (critical, actions) = harness.submit(.critical)
    #expect(actions == [.cancel(victim)])
    #expect(harness.wait(.milliseconds(30)).isEmpty)
    #expect(
      harness.cancelled(victim) == [.requeued(victim), .start(critical, harness.instance("gpu-worker"))])
  }

  @Test("no more calls are cancelled than CRITICAL needs: a slot that is about to be free counts")
  func takesTheFewest() throws {
    var harness = try Harness(slots: 4)
    let low = harness.submit(.low, count: 4)
    _ = harness.cancel(low[0])
    #expect(harness.submit(.critical).actions.isEmpty)
    #expect(harness.submit(.critical).actions == [.cancel(low[3])])
    // It ends by itself before it has stopped.
    #expect(harness.finish(low[3]).started.count == 1)
    #expect(harness.cancelled(low[3]).isEmpty)
    #expect(harness.cancelled(low[0]).started.count == 1)
    #expect(harness.scheduler.metrics()[.low].preempted == 1)
  }

  @Test("a victim waits with its first deadline, before others of its class")
  func keepsItsDeadline() throws {
    var harness = try Harness(slots: 1)
    let (victim, _) = harness.submit(.medium)
    let (other, _) = harness.submit(.medium)
    harness.now = harness.now + .seconds(1)
    let (critical, _) = harness.submit(.critical)
    #expect(harness.cancelled(victim).requeued == [victim])
    let first = harness.scheduler.snapshot(at: harness.now).lanes[0].classes[2]
    #expect(first.firstDeadline == .seconds(4) && first.resumed == 1 && first.queued == 2)
    #expect(harness.finish(critical).started == [victim])
    #expect(harness.finish(victim).started == [other])
  }

  @Test("a victim whose deadline is over is refused a max wait after it came back")
  func endsTheSecondWait() throws {
    var harness = try Harness(slots: 1)
    let (victim, _) = harness.submit(.high)
    harness.now = harness.now + .seconds(10)
    _ = harness.submit(.critical)
    _ = harness.cancelled(victim)
    #expect(harness.scheduler.nextDeadline == harness.now + .milliseconds(500))
    #expect(harness.wait(.milliseconds(499)).isEmpty)
    #expect(harness.wait(.milliseconds(1)).refused == [victim])
  }

  @Test("a victim is queued again three times; a fourth time it ends")
  func requeuesThreeTimes() throws {
    var policy = SchedulerPolicy()
    policy.low.floor = 0
    var harness = try Harness(slots: 1, policy: policy)
    let (victim, _) = harness.submit(.low)
    for round in 1...4 {
      harness.now = harness.now + .seconds(1)
      let (critical, actions) = harness.submit(.critical)
      #expect(actions == [.cancel(victim)])
      let after = harness.cancelled(victim)
      #expect(after.started == [critical])
      #expect(after.requeued == (round < 4 ? [victim] : []))
      #expect(after.reasons == (round < 4 ? [] : [.preempted]))
      #expect(harness.finish(critical).started == (round < 4 ? [victim] : []))
    }
    #expect(harness.scheduler.count == 0)
  }

  @Test("one that may wait again is taken before one that may not, of whichever class")
  func sparesTheExhausted() throws {
    var policy = SchedulerPolicy()
    policy.maxRequeues = 1
    (policy.low.floor, policy.medium.floor, policy.high.floor) = (0, 0, 0)
    var harness = try Harness(slots: 2, policy: policy)
    let (medium, _) = harness.submit(.medium)
    let (low, _) = harness.submit(.low)
    let (critical, first) = harness.submit(.critical)
    #expect(first == [.cancel(low)])
    _ = harness.cancelled(low)
    #expect(harness.finish(critical).started == [low])
    harness.now = harness.now + .seconds(1)
    #expect(harness.submit(.critical).actions == [.cancel(medium)])
  }

  @Test("who has just got its slot back keeps it for the minimum progress; then it may be taken")
  func leavesProgress() throws {
    var harness = try Harness(slots: 1)
    let (victim, _) = harness.submit(.low)
    let (critical, _) = harness.submit(.critical)
    _ = harness.cancelled(victim)
    #expect(harness.finish(critical).started == [victim])
    harness.now = harness.now + .milliseconds(150)
    #expect(harness.submit(.critical).actions.isEmpty)
    #expect(harness.scheduler.nextDeadline == harness.now + .milliseconds(50))
    #expect(harness.wait(.milliseconds(50)) == [.cancel(victim)])
  }

  @Test("switched off, CRITICAL waits like all others")
  func canBeSwitchedOff() throws {
    var policy = SchedulerPolicy()
    policy.preempts = false
    var harness = try Harness(slots: 1, policy: policy)
    let (low, _) = harness.submit(.low)
    let (critical, actions) = harness.submit(.critical)
    #expect(actions.isEmpty)
    #expect(harness.finish(low).started == [critical])
  }

  @Test("where a cancel takes longer than CRITICAL can wait, a slot is kept for it and nothing is cancelled")
  func keepsAReserve() throws {
    let pool = try GPUPool(devices: [.one("cpu", slots: 2, cancelLatency: .milliseconds(300))])
    var harness = Harness(pool)
    #expect(harness.submit(.high).actions.started.count == 1)
    #expect(harness.submit(.high).actions.isEmpty)
    #expect(harness.submit(.critical).actions.started.count == 1)
    #expect(harness.submit(.critical).actions.isEmpty)
  }

  @Test("a single slot is not kept in reserve: nobody else would ever have it")
  func sharesASingleSlot() throws {
    var harness = Harness(try GPUPool(devices: [.one("cpu", slots: 1, cancelLatency: .seconds(2))]))
    #expect(harness.submit(.low).actions.started.count == 1)
  }

  @Test("the cancel latency is measured: a slow one counts at once, quick ones bring it down again")
  func measuresCancels() throws {
    var harness = try Harness(slots: 2)
    let (slow, _) = harness.submit(.low)
    _ = harness.cancel(slow)
    harness.now = harness.now + .milliseconds(400)
    _ = harness.cancelled(slow)
    #expect(harness.scheduler.snapshot(at: harness.now).instances[0].cancelLatency == .milliseconds(400))
    #expect(harness.submit(.low).actions.started.count == 1)
    let (second, none) = harness.submit(.low)
    #expect(none.isEmpty)
    _ = harness.cancel(second)
    for _ in 0..<20 {
      let (critical, _) = harness.submit(.critical)
      _ = harness.cancel(critical)
      harness.now = harness.now + .milliseconds(10)
      _ = harness.cancelled(critical)
    }
    #expect(harness.scheduler.snapshot(at: harness.now).instances[0].cancelLatency < .milliseconds(100))
    #expect(harness.submit(.low).actions.started.count == 1)
  }

  @Test("slots are left free for the next CRITICAL, in proportion to those that it has")
  func leavesHeadroom() throws {
    var policy = SchedulerPolicy()
    policy.headroom = 0.1
    var harness = try Harness(slots: 16, policy: policy)
    let critical = harness.submit(.critical, count: 11)
    #expect(harness.submit(.low, count: 4).count == 4)
    #expect(harness.submit(.low).actions.isEmpty)
    #expect(harness.submit(.critical).actions.started.count == 1)
    // The slot is kept; of the next one there are two, and 10 of CRITICAL leave 1.
    #expect(harness.finish(critical[0]).isEmpty)
    #expect(harness.finish(critical[1]).started.count == 1)
  }
}
