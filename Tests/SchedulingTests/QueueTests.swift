import Runtime
import Testing

@testable import Scheduling

@Suite struct QueueTests {
  @Test("a request starts at once where a slot is free, and waits where none is")
  func startsAtOnce() throws {
    var harness = try Harness(slots: 1)
    let (first, actions) = harness.submit(.low)
    #expect(actions == [.start(first, harness.instance("gpu-worker"))])
    let (second, none) = harness.submit(.low)
    #expect(none.isEmpty)
    #expect(harness.finish(first).started == [second])
  }

  @Test("the most urgent class goes first, and in a class the earliest deadline")
  func goesInOrder() throws {
    var harness = try Harness(slots: 1)
    var policy = SchedulerPolicy()
    policy.preempts = false
    harness.scheduler = Scheduler(pool: harness.pool, policy: policy, at: harness.now)
    var running = harness.submit(.low).id
    let low = harness.submit(.low, count: 2)
    let medium = harness.submit(.medium, count: 2)
    let high = harness.submit(.high, count: 2)
    let critical = harness.submit(.critical, count: 2)
    for next in critical + high + medium + low {
      #expect(harness.finish(running).started == [next])
      running = next
    }
  }

  @Test(
    "a request is refused at its max wait, with a time to come again",
    arguments: [(Priority.critical, 100), (.high, 500), (.medium, 5000), (.low, 30_000)])
  func refusesInTime(priority: Priority, milliseconds: Int) throws {
    var harness = try Harness(slots: 1)
    _ = harness.submit(.critical)
    let (id, _) = harness.submit(priority)
    #expect(harness.scheduler.nextDeadline == harness.now + .milliseconds(milliseconds))
    #expect(harness.wait(.milliseconds(milliseconds) - .nanoseconds(1)).isEmpty)
    let actions = harness.wait(.nanoseconds(1))
    #expect(actions.refused == [id] && actions.reasons == [.deadline])
    guard case .refuse(_, let retryAfter, _)? = actions.first else { return }
    #expect(retryAfter >= .milliseconds(100) && retryAfter <= .seconds(60))
    #expect(harness.scheduler.nextDeadline == nil)
  }

  @Test("a slot that is free just at the deadline is in time, a later one is not")
  func startsAtTheDeadline() throws {
    var harness = try Harness(slots: 2)
    let running = harness.submit(.critical, count: 2)
    let (id, _) = harness.submit(.critical)
    let (late, _) = harness.submit(.critical)
    harness.now = harness.now + .milliseconds(100)
    #expect(harness.finish(running[0]).started == [id])
    harness.now = harness.now + .nanoseconds(1)
    let actions = harness.finish(running[1])
    #expect(actions.refused == [late] && actions.started.isEmpty)
  }

  @Test("the time to come again follows the queue's pace")
  func retryFollowsThePace() throws {
    var policy = SchedulerPolicy()
    policy.low.queueBound = 40
    var harness = try Harness(slots: 1, policy: policy)
    var running = harness.submit(.low).id
    _ = harness.submit(.low, count: 40)
    for _ in 0..<20 {
      harness.now = harness.now + .milliseconds(500)
      running = harness.finish(running).started[0]
      _ = harness.submit(.low)
    }
    let actions = harness.submit(.low).actions
    guard case .refuse(_, let retryAfter, .queueFull)? = actions.first else {
      Issue.record("\(actions)")
      return
    }
    #expect(retryAfter > .seconds(15) && retryAfter < .seconds(25))
  }

  @Test("a full queue rejects, or tells to go on by text")
  func boundsTheQueue() throws {
    var policy = SchedulerPolicy()
    policy.critical.queueBound = 1
    policy.low.queueBound = 0
    var harness = try Harness(slots: 1, policy: policy)
    let (running, _) = harness.submit(.critical)
    _ = harness.submit(.critical)
    #expect(harness.submit(.critical).actions.reasons == [.textMode])
    #expect(harness.submit(.low).actions.reasons == [.queueFull])
    #expect(harness.finish(running).started.count == 1)
  }

  @Test("a full queue downgrades, and the request has the lower class's time")
  func downgrades() throws {
    var policy = SchedulerPolicy()
    policy.high.queueBound = 1
    policy.medium.queueBound = 1
    var harness = try Harness(slots: 1, policy: policy)
    _ = harness.submit(.critical)
    _ = harness.submit(.high)
    let (second, actions) = harness.submit(.high)
    #expect(actions == [.downgraded(second, to: .medium)])
    #expect(harness.submit(.high).actions.reasons == [.queueFull])
    #expect(harness.wait(.milliseconds(500)).refused.count == 1)
    #expect(harness.wait(.milliseconds(4499)).isEmpty)
    #expect(harness.wait(.milliseconds(1)).refused == [second])
  }

  @Test("a request that its client cancels ends: at once while it waits, else when its worker has stopped")
  func cancels() throws {
    var harness = try Harness(slots: 1)
    let (running, _) = harness.submit(.high)
    let (waiting, _) = harness.submit(.high)
    let (next, _) = harness.submit(.high)
    #expect(harness.cancel(waiting).isEmpty)
    #expect(harness.cancel(running) == [.cancel(running)])
    #expect(harness.cancel(running).isEmpty)
    #expect(harness.cancelled(running).started == [next])
    #expect(harness.finish(next).isEmpty)
    #expect(harness.scheduler.count == 0)
    #expect(harness.scheduler.metrics()[.high].cancelled == 2)
  }

  @Test("reports of requests that have ended, or never were, change nothing")
  func ignoresStrangers() throws {
    var harness = try Harness(slots: 1)
    let (first, _) = harness.submit(.low)
    _ = harness.finish(first)
    let (second, _) = harness.submit(.low)
    #expect(second != first)
    for id in [first, RequestID(rawValue: .max), RequestID(rawValue: 12_345)] {
      #expect(harness.finish(id).isEmpty && harness.cancelled(id).isEmpty && harness.cancel(id).isEmpty)
      #expect(harness.progress(id).isEmpty && harness.refusedByWorker(id).isEmpty)
      #expect(harness.change(id, to: .critical).isEmpty)
    }
    #expect(harness.cancelled(second).isEmpty)
    #expect(harness.scheduler.count == 1)
  }

  @Test("a request made CRITICAL while it waits starts like one; made CRITICAL while it runs, it keeps its slot")
  func changesClass() throws {
    var harness = try Harness(slots: 2)
    let (spoken, _) = harness.submit(.high)
    let (batch, _) = harness.submit(.low)
    let (waiting, _) = harness.submit(.medium)
    #expect(harness.change(spoken, to: .critical).isEmpty)
    #expect(harness.change(waiting, to: .critical) == [.cancel(batch)])
    #expect(harness.cancelled(batch).started == [waiting])
    #expect(harness.submit(.critical).actions.isEmpty)
    #expect(harness.scheduler.nextDeadline == harness.now + .milliseconds(100))
  }

  @Test("a clock that goes back does no harm")
  func survivesTimeGoingBack() throws {
    var harness = try Harness(slots: 1)
    harness.now = Instant(nanoseconds: 10_000_000_000)
    let (running, _) = harness.submit(.low)
    let (id, _) = harness.submit(.low)
    harness.now = Instant(nanoseconds: 0)
    #expect(harness.wait(.zero).isEmpty)
    #expect(harness.finish(running).started == [id])
    #expect(harness.scheduler.metrics()[.low].waits.longest == .zero)
  }

  @Test("a request that comes from another lane keeps its arrival, and has no time left when that was too long ago")
  func keepsItsArrival() throws {
    var harness = try Harness(slots: 1)
    harness.now = Instant(nanoseconds: 10_000_000_000)
    let (running, _) = harness.submit(.critical)
    var actions: [SchedulerAction] = []
    var request = SchedulerRequest(
      lane: harness.pool.lane(.llm)!, priority: .high, arrivedAt: harness.now + .milliseconds(-300))
    let id = harness.scheduler.submit(request, at: harness.now, into: &actions)
    #expect(harness.scheduler.nextDeadline == harness.now + .milliseconds(200))
    #expect(harness.finish(running).started == [id])
    #expect(harness.scheduler.metrics()[.high].waits.longest == .milliseconds(300))
    request.arrivedAt = Instant(nanoseconds: 0)
    let late = harness.scheduler.submit(request, at: harness.now, into: &actions)
    #expect(harness.scheduler.nextDeadline == harness.now)
    #expect(harness.wait(.zero).refused == [late])
  }

  @Test("lanes do not wait for each other")
  func lanesAreApart() throws {
    let pool = try GPUPool(devices: [.one("a", slots: 1), .one("b", .mixed, .tts, slots: 1)])
    var harness = Harness(pool)
    _ = harness.submit(.low)
    #expect(harness.submit(.low).actions.isEmpty)
    #expect(harness.submit(.low, .tts).actions.started.count == 1)
    #expect(pool.lane(.asr) == nil)
    #expect(pool.lane(.llm, provider: "other") == nil)
  }

  @Test("a lane of another pool is refused")
  func refusesForeignLanes() throws {
    var harness = try Harness(slots: 1)
    var actions: [SchedulerAction] = []
    let request = SchedulerRequest(lane: LaneID(index: 7), priority: .high)
    let id = harness.scheduler.submit(request, at: harness.now, into: &actions)
    #expect(actions.refused == [id] && actions.reasons == [.unavailable])
    #expect(harness.submit(.high).id != id)
  }
}
