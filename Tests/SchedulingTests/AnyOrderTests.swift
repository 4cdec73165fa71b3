import Runtime
import SchedulingSimulation
import Testing

@testable import Scheduling

/// A shell with mistakes: reports in any order, twice, of wrong requests, with a clock that jumps.
@Suite struct AnyOrderTests {
  @Test("reports in any order keep the sums right and trap nowhere", arguments: 1...30 as ClosedRange<UInt64>)
  func survives(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    let pool = try GPUPool(devices: [
      .one("a", slots: 3), .one("b", .realTime, slots: 2, cancelLatency: .milliseconds(200)),
      .one("c", .batch, slots: 2), .one("d", .mixed, .tts, slots: 1),
    ])
    var policy = SchedulerPolicy()
    (policy.critical.queueBound, policy.high.queueBound, policy.low.queueBound) = (5, 3, 20)
    var scheduler = Scheduler(pool: pool, policy: policy, at: Instant(nanoseconds: 0))
    var ids: [RequestID] = []
    var open: Set<RequestID> = []
    var running: Set<RequestID> = []
    var actions: [SchedulerAction] = []
    var now = Instant(nanoseconds: 0)
    for _ in 0..<2000 {
      now = now + .milliseconds(draw(50) - 5)
      let id = ids.isEmpty ? RequestID(rawValue: 3) : ids[max(0, ids.count - 1 - draw(40))]
      switch draw(12) {
      case 0...3:
        let request = SchedulerRequest(
          lane: LaneID(index: draw(20) == 0 ? 5 : draw(2)), priority: Priority.allCases[draw(4)],
          affinity: UInt64(draw(5)))
        let new = scheduler.submit(request, at: now, into: &actions)
        #expect(open.insert(new).inserted)
        ids.append(new)
      case 4, 5:
        if running.contains(id) { open.remove(id) }
        scheduler.finish(id, succeeded: draw(2) == 0, at: now, into: &actions)
      case 6: scheduler.cancelled(id, at: now, into: &actions)
      case 7: scheduler.cancel(id, at: now, into: &actions)
      case 8: scheduler.progress(id, at: now, into: &actions)
      case 9: scheduler.refusedByWorker(id, at: now, into: &actions)
      case 10: scheduler.change(id, to: Priority.allCases[draw(4)], at: now, into: &actions)
      default:
        let (device, instance) = (DeviceID(index: draw(5)), InstanceID(index: draw(5)))
        switch draw(6) {
        case 0: scheduler.deviceFailed(device, at: now, into: &actions)
        case 1: scheduler.deviceRecovered(device, at: now, into: &actions)
        case 2: scheduler.instanceFailed(instance, at: now, into: &actions)
        case 3: scheduler.instanceRecovered(instance, at: now, into: &actions)
        case 4: scheduler.hold(instance, at: now, into: &actions)
        default: scheduler.release(instance, at: now, into: &actions)
        }
      }
      if draw(3) == 0 { scheduler.advance(now, into: &actions) }
      for action in actions {
        switch action {
        case .start(let id, _): running.insert(id)
        case .requeued(let id): running.remove(id)
        case .refuse(let id, _, _): #expect(open.remove(id) != nil)
        case .cancel, .downgraded: break
        }
      }
      actions.removeAll()
      #expect(scheduler.sumsAreRight)
    }
  }
}

extension Scheduler {
  /// What is summed up as it goes, summed up anew.
  var sumsAreRight: Bool {
    var copy = self
    for lane in lanes.indices { copy.recount(lane) }
    let busy = snapshot(at: Instant(nanoseconds: 0)).running
    return zip(copy.lanes, lanes).allSatisfy {
      $0.free == $1.free && $0.criticalFree == $1.criticalFree && $0.criticalStopping == $1.criticalStopping
    } && zip(copy.shares, shares).allSatisfy { $0.free == $1.free && $0.reserve == $1.reserve }
      && zip(copy.classes, classes).allSatisfy { $0.capacity == $1.capacity }
      && instances.allSatisfy { Double($0.busy) <= $0.limit.most && $0.stopping <= $0.busy && $0.stopping >= 0 }
      && busy.count == instances.reduce(0) { $0 + $1.busy }
      && busy.count(where: \.isStopping) == classes.reduce(0) { $0 + $1.stopping }
      && busy.count + classes.reduce(0) { $0 + $1.depth } == count
  }
}
