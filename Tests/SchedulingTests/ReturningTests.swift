import Runtime
import Testing

@testable import Scheduling

/// Requests that come again, and instances that are not what they were.
@Suite struct ReturningTests {
  private func again(
    _ harness: inout Harness, _ priority: Priority, arrivedAt: Instant, avoids: Set<InstanceID> = []
  ) -> (id: RequestID, actions: [SchedulerAction]) {
    var request = SchedulerRequest(lane: harness.pool.lane(.llm)!, priority: priority, arrivedAt: arrivedAt)
    request.waitsAgain = true
    request.avoids = avoids
    var actions: [SchedulerAction] = []
    let id = harness.scheduler.submit(request, at: harness.now, into: &actions)
    return (id, actions)
  }

  @Test("who comes again keeps the place of its first arrival, and waits for a max wait from now")
  func keepsItsPlace() throws {
    var harness = try Harness(slots: 1)
    let first = harness.now
    let holder = harness.submit(.critical).id
    harness.now = first + .milliseconds(300)
    let new = harness.submit(.critical).id
    let later = again(&harness, .critical, arrivedAt: first + .milliseconds(50)).id
    let earlier = again(&harness, .critical, arrivedAt: first).id
    #expect(harness.finish(holder).started == [earlier])
    #expect(harness.finish(earlier).started == [later])
    #expect(harness.wait(.milliseconds(101)).refused == [new])
    let last = again(&harness, .critical, arrivedAt: first).id
    #expect(harness.wait(.milliseconds(99)).isEmpty)
    #expect(harness.wait(.milliseconds(2)).refused == [last])
  }

  @Test("an instance that has failed a request gets it again only where no other has a slot")
  func avoidsInstances() throws {
    var harness = Harness(try GPUPool(devices: [.one("a", slots: 5), .one("b", slots: 1)]))
    let (a, b) = (harness.instance("a-worker"), harness.instance("b-worker"))
    let one = again(&harness, .critical, arrivedAt: harness.now, avoids: [a])
    #expect(one.actions == [.start(one.id, b)])
    let two = again(&harness, .critical, arrivedAt: harness.now, avoids: [a])
    #expect(two.actions == [.start(two.id, a)])
  }

  @Test("an instance for urgent calls only takes no jobs, and those that wait are told at once")
  func urgentOnly() throws {
    var harness = try Harness(slots: 1)
    let running = harness.submit(.low).id
    let waiting = harness.submit(.medium).id
    var actions: [SchedulerAction] = []
    let instance = harness.instance("gpu-worker")
    harness.scheduler.setUrgentOnly(instance, true, at: harness.now, into: &actions)
    #expect(actions.refused == [waiting] && actions.reasons == [.unavailable])
    #expect(harness.finish(running).isEmpty)
    #expect(harness.submit(.low).actions.reasons == [.unavailable])
    let live = harness.submit(.high)
    #expect(live.actions.started == [live.id])
    _ = harness.finish(live.id)
    harness.scheduler.setUrgentOnly(instance, false, at: harness.now, into: &actions)
    let job = harness.submit(.low)
    #expect(job.actions.started == [job.id])
  }

  @Test("where callers ask again by themselves, what ran on a failed instance ends, once")
  func endsWithItsInstance() throws {
    var policy = SchedulerPolicy()
    policy.maxFailures = 0
    var harness = Harness(try GPUPool(devices: [.one("a", slots: 1), .one("b", slots: 1)]), policy: policy)
    let ids = harness.submit(.low, count: 2)
    let live = harness.submit(.critical)
    #expect(live.actions == [.cancel(ids[1])])
    let failed = harness.fail("b")
    #expect(failed.refused == [ids[1]] && failed.reasons == [.workerFailed] && failed.requeued.isEmpty)
    #expect(failed.cancelled == [ids[0]])
    #expect(harness.cancelled(ids[1]).isEmpty && harness.finish(ids[1]).isEmpty)
    #expect(harness.cancelled(ids[0]).started == [live.id])
  }

  @Test("without a target, quick results give back what a refusal took, and no more; the caller says what is late")
  func limitWithoutTarget() throws {
    let worker = GPUPool.Instance(name: "w", kind: .llm, slots: 4, maxSlots: 9)
    var policy = SchedulerPolicy()
    policy.maxFailures = 0
    var harness = Harness(
      try GPUPool(devices: [GPUPool.Device(name: "gpu", instances: [worker])]), policy: policy)
    func slots() -> Int { harness.scheduler.snapshot(at: harness.now).instances[0].slots }
    #expect(harness.refusedByWorker(harness.submit(.high).id).reasons == [.workerFailed])
    #expect(slots() == 3)
    for _ in 0..<20 {
      let ids = harness.submit(.critical, count: 4)
      for id in ids { _ = harness.progress(id) }
      for id in ids { _ = harness.finish(id) }
    }
    #expect(slots() == 4)
    var actions: [SchedulerAction] = []
    for left in [4, 3] {
      harness.now = harness.now + .seconds(2)
      harness.scheduler.progress(harness.submit(.high).id, isLate: true, at: harness.now, into: &actions)
      #expect(slots() == left)
    }
  }
}
