import Runtime
import Testing

@testable import Scheduling

@Suite struct PoolTests {
  @Test("batch devices take CRITICAL only while no other is healthy")
  func sparesBatchDevices() throws {
    var harness = Harness(
      try GPUPool(devices: [.one("talk", .realTime, slots: 1), .one("night", .batch, slots: 1)]))
    _ = harness.submit(.critical)
    #expect(harness.submit(.critical).actions.isEmpty)
    _ = harness.wait(.milliseconds(100))
    let failed = harness.fail("talk")
    #expect(failed.requeued.count == 1)
    #expect(failed.contains(.start(failed.requeued[0], harness.instance("night-worker"))))
    _ = harness.finish(failed.requeued[0])
    #expect(harness.recover("talk").isEmpty)
    #expect(harness.submit(.low).actions.started.count == 1)
    let (critical, actions) = harness.submit(.critical)
    #expect(actions == [.start(critical, harness.instance("talk-worker"))])
  }

  @Test("real-time devices take no batch work, which is told at once where there is no other")
  func sparesRealTimeDevices() throws {
    var harness = Harness(try GPUPool(devices: [.one("talk", .realTime, slots: 2)]))
    #expect(harness.submit(.low).actions.reasons == [.unavailable])
    #expect(harness.submit(.medium).actions.reasons == [.unavailable])
    #expect(harness.submit(.high).actions.started.count == 1)
  }

  @Test("urgent calls go to real-time devices first, the others to batch devices")
  func prefersByRole() throws {
    var harness = Harness(
      try GPUPool(devices: [
        .one("mixed", slots: 8), .one("talk", .realTime, slots: 2), .one("night", .batch, slots: 2),
      ]))
    let (critical, first) = harness.submit(.critical)
    #expect(first == [.start(critical, harness.instance("talk-worker"))])
    let (low, second) = harness.submit(.low)
    #expect(second == [.start(low, harness.instance("night-worker"))])
  }

  @Test("a call goes where most slots are free, or where its key was while a slot is free there")
  func placesByAffinity() throws {
    var harness = Harness(try GPUPool(devices: [.one("a", slots: 2), .one("b", slots: 3)]))
    let (first, one) = harness.submit(.high, affinity: 7)
    #expect(one == [.start(first, harness.instance("b-worker"))])
    let (other, two) = harness.submit(.high, affinity: 8)
    #expect(two == [.start(other, harness.instance("a-worker"))])
    // Most are free at b now.
    let (again, three) = harness.submit(.high, affinity: 8)
    #expect(three == [.start(again, harness.instance("a-worker"))])
    let (elsewhere, four) = harness.submit(.high, affinity: 8)
    #expect(four == [.start(elsewhere, harness.instance("b-worker"))])
  }

  @Test("a failed device's requests wait again at once, and start elsewhere")
  func replacesAFailedDevice() throws {
    var harness = Harness(try GPUPool(devices: [.one("a", slots: 2), .one("b", slots: 2)]))
    let ids = harness.submit(.high, count: 4)
    let failed = harness.fail("a")
    #expect(failed.requeued.count == 2 && failed.started.isEmpty)
    let other = ids.first { !failed.requeued.contains($0) }!
    #expect(harness.finish(other).started == [failed.requeued[0]])
    // What the lost run reports is void: the request waits.
    #expect(harness.finish(failed.requeued[1]).isEmpty)
    let back = harness.recover("a")
    #expect(back == [.start(failed.requeued[1], harness.instance("a-worker"))])
    #expect(harness.fail("a").requeued.count == 1)
    #expect(harness.fail("a").isEmpty)
  }

  @Test("one instance may fail while its device is well")
  func losesOneInstance() throws {
    let instances = ["w1", "w2"].map { GPUPool.Instance(name: $0, kind: .llm, slots: 1) }
    var harness = Harness(try GPUPool(devices: [GPUPool.Device(name: "gpu", instances: instances)]))
    let ids = harness.submit(.high, count: 2)
    var actions: [SchedulerAction] = []
    harness.scheduler.instanceFailed(harness.instance("w1"), at: harness.now, into: &actions)
    #expect(actions.requeued == [ids[0]] && actions.started.isEmpty)
    actions.removeAll()
    harness.scheduler.instanceFailed(InstanceID(index: 9), at: harness.now, into: &actions)
    harness.scheduler.instanceRecovered(harness.instance("w1"), at: harness.now, into: &actions)
    #expect(actions.started == [ids[0]])
  }

  @Test("an instance that is held gets no further calls, and keeps those that it has")
  func holdsAnInstance() throws {
    var harness = Harness(try GPUPool(devices: [.one("a", slots: 1), .one("b", slots: 1)]))
    let ids = harness.submit(.low, count: 2)
    var actions: [SchedulerAction] = []
    harness.scheduler.hold(harness.instance("b-worker"), at: harness.now, into: &actions)
    #expect(actions.isEmpty)
    // The newest is at b, whose slot would go to nobody.
    let (critical, cancels) = harness.submit(.critical)
    #expect(cancels == [.cancel(ids[0])])
    #expect(harness.finish(ids[1]).isEmpty)
    #expect(harness.cancelled(ids[0]).started == [critical])
    harness.scheduler.release(harness.instance("b-worker"), at: harness.now, into: &actions)
    #expect(actions == [.start(ids[0], harness.instance("b-worker"))])
    actions.removeAll()
    for name in ["a-worker", "b-worker"] {
      harness.scheduler.hold(harness.instance(name), at: harness.now, into: &actions)
    }
    #expect(actions.isEmpty)
    #expect(harness.submit(.critical).actions.reasons == [.unavailable])
    #expect(harness.scheduler.count == 2)
  }

  @Test("an instance is well again when both it and its device are")
  func needsBoth() throws {
    var harness = try Harness(slots: 1)
    var actions: [SchedulerAction] = []
    _ = harness.fail("gpu")
    harness.scheduler.instanceFailed(harness.instance("gpu-worker"), at: harness.now, into: &actions)
    harness.scheduler.instanceRecovered(harness.instance("gpu-worker"), at: harness.now, into: &actions)
    #expect(harness.submit(.high).actions.reasons == [.unavailable])
    _ = harness.recover("gpu")
    #expect(harness.submit(.high).actions.started.count == 1)
  }

  @Test("who waits for a lane without instances is told at once")
  func tellsThatNoneIsLeft() throws {
    var harness = try Harness(slots: 1)
    _ = harness.submit(.high, count: 3)
    let actions = harness.fail("gpu")
    #expect(actions.reasons == [.unavailable, .unavailable, .unavailable])
    #expect(harness.submit(.critical).actions.reasons == [.unavailable])
    #expect(harness.recover("gpu").isEmpty)
    #expect(harness.submit(.critical).actions.started.count == 1)
    #expect(harness.scheduler.count == 1)
  }

  @Test("a request whose workers fail again and again ends")
  func endsAfterFailures() throws {
    var harness = try Harness(slots: 4)
    let (id, _) = harness.submit(.high)
    for _ in 1...3 { #expect(harness.refusedByWorker(id).started == [id]) }
    #expect(harness.refusedByWorker(id).reasons == [.workerFailed])
  }

  @Test("a victim on a device that fails counts as stopped")
  func losesAStoppingCall() throws {
    var harness = Harness(try GPUPool(devices: [.one("a", slots: 1), .one("b", slots: 1)]))
    let low = harness.submit(.low, count: 2)
    let (critical, actions) = harness.submit(.critical)
    #expect(actions == [.cancel(low[1])])
    #expect(harness.fail("b").requeued == [low[1]])
    #expect(harness.scheduler.snapshot(at: harness.now).lanes[0].classes[3].stopping == 1)
    #expect(harness.cancelled(low[1]).isEmpty)
    #expect(harness.cancelled(low[0]).started == [critical])
  }

  @Test("slots shrink when a worker refuses or is slow, at most once a second, and grow when it is quick")
  func slotsFollow() throws {
    let worker = GPUPool.Instance(
      name: "w", kind: .llm, slots: 10, maxSlots: 12, firstResultTarget: .milliseconds(500))
    var harness = Harness(try GPUPool(devices: [GPUPool.Device(name: "gpu", instances: [worker])]))
    func slots() -> Int { harness.scheduler.snapshot(at: harness.now).instances[0].slots }
    var ids = harness.submit(.high, count: 10)
    _ = harness.refusedByWorker(ids[0])
    #expect(slots() == 7)
    _ = harness.refusedByWorker(ids[1])
    #expect(slots() == 7)
    harness.now = harness.now + .seconds(2)
    _ = harness.progress(ids[2])
    #expect(slots() == 6)
    for id in ids { _ = harness.finish(id) }
    for _ in 0..<200 {
      ids = harness.submit(.high, count: 12)
      for id in ids { _ = harness.progress(id) }
      for id in ids { _ = harness.finish(id) }
    }
    #expect(slots() == 12)
  }

  @Test("a pool with a mistake is refused, and told which")
  func checksPools() {
    #expect(throws: GPUPoolProblem.empty) { try GPUPool(devices: []) }
    #expect(throws: GPUPoolProblem.nameTwice("a")) {
      try GPUPool(devices: [.one("a", slots: 1), .one("a", slots: 1)])
    }
    #expect(throws: GPUPoolProblem.slots("a-worker")) { try GPUPool(devices: [.one("a", slots: 0)]) }
    var device = GPUPool.Device.one("a", slots: 1)
    device.memory = 1000
    device.instances[0].memory = 1001
    #expect(throws: GPUPoolProblem.memory(device: "a")) { try GPUPool(devices: [device]) }
  }
}

extension SchedulerSnapshot.InstanceView {
  var free: Int { slots - busy }
}
