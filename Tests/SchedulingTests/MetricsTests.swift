import Runtime
import SchedulingSimulation
import Testing

@testable import Scheduling

@Suite struct MetricsTests {
  @Test("waits, slot-time, waste and outcomes are counted")
  func counts() throws {
    var harness = try Harness(slots: 2)
    let (low, _) = harness.submit(.low)
    let (done, _) = harness.submit(.medium)
    harness.now = harness.now + .seconds(2)
    let (critical, _) = harness.submit(.critical)
    harness.now = harness.now + .milliseconds(20)
    _ = harness.cancelled(low)
    _ = harness.wait(.milliseconds(980))
    _ = harness.finish(done)
    _ = harness.finish(critical)
    let metrics = harness.scheduler.metrics()
    #expect(metrics[.critical].waits.longest == .milliseconds(20))
    #expect(metrics[.critical].finished == 1 && metrics[.medium].finished == 1)
    #expect(metrics[.low].preempted == 1 && metrics[.low].requeued == 1 && metrics[.low].started == 2)
    #expect(abs(metrics[.low].wastedSlotSeconds - 2.02) < 1e-9)
    #expect(abs(metrics[.critical].slotSeconds - 0.98) < 1e-9)
    #expect(abs(metrics.capacitySlotSeconds - 6) < 1e-9 && abs(metrics.utilisation - 1) < 1e-9)
    // Four starts, a cancel, a requeue.
    #expect(metrics.decisions == 6)
  }

  @Test("the snapshot shows queue, slots and calls")
  func shows() throws {
    var harness = try Harness(slots: 2)
    let (first, _) = harness.submit(.high)
    harness.now = harness.now + .seconds(1)
    let (second, _) = harness.submit(.low)
    _ = harness.submit(.low)
    _ = harness.submit(.critical)
    let snapshot = harness.scheduler.snapshot(at: harness.now)
    #expect(snapshot.lanes[0].classes.map(\.queued) == [1, 0, 0, 1])
    #expect(snapshot.lanes[0].classes[0].firstDeadline == .milliseconds(100))
    #expect(snapshot.instances[0].busy == 2 && snapshot.instances[0].stopping == 1)
    #expect(snapshot.running.map(\.id) == [first, second])
    #expect(snapshot.running.map(\.age) == [.seconds(1), .zero])
    #expect(snapshot.running.map(\.isStopping) == [false, true])
  }

  @Test("quantiles are right to an eighth")
  func quantiles() {
    var histogram = WaitHistogram()
    #expect(histogram.quantile(0.99) == .zero)
    for millisecond in 1...1000 { histogram.add(Int64(millisecond) * 1_000_000) }
    for part in [0.01, 0.5, 0.9, 0.99] {
      let ratio = histogram.quantile(part).inSeconds / part
      #expect(ratio >= 1 && ratio < 1.13)
    }
    #expect(histogram.quantile(1) == .seconds(1) && histogram.longest == .seconds(1))
    for odd in [Int64.min, -1, 0, 1, 7999, 8000, .max] { histogram.add(odd) }
    #expect(histogram.count == 1007)
  }

  @Test("the heap gives earliest first, whatever is taken out of it", arguments: 0..<20 as Range<UInt64>)
  func heapIsInOrder(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var heap = DeadlineHeap()
    var positions = [Int32](repeating: -1, count: 500)
    var model: [(deadline: Int64, order: UInt64, index: Int32)] = []
    var free = Array(0..<500 as Range<Int32>)
    for order in 0..<3000 as Range<UInt64> {
      if !free.isEmpty, random.next() % 5 < 3 || model.isEmpty {
        let index = free.removeLast()
        let deadline = Int64(random.next() % 50)
        heap.insert(DeadlineHeap.Entry(deadline: deadline, order: order, index: index), &positions)
        model.append((deadline, order, index))
      } else {
        model.sort { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
        let at = random.next() % 2 == 0 ? 0 : Int(random.next() % UInt64(model.count))
        let gone = model.remove(at: at)
        heap.remove(at: Int(positions[Int(gone.index)]), &positions)
        free.append(gone.index)
      }
      let first = model.min { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
      #expect(heap.first?.index == first?.index && heap.count == model.count)
    }
  }

  @Test("a class is owed when it is five seconds of its floor behind, and has no claim when it does not wait")
  func accounts() {
    var account = FloorAccount(floor: 0.05)
    account.advance(4e9, slots: 0, capacity: 100, isWaiting: true)
    #expect(account.isBehind && !account.isOwed(capacity: 100))
    account.advance(1e9, slots: 0, capacity: 100, isWaiting: true)
    #expect(account.isOwed(capacity: 100))
    account.advance(1e9, slots: 0, capacity: 100, isWaiting: false)
    #expect(!account.isBehind)
    account.advance(1e12, slots: 100, capacity: 100, isWaiting: true)
    account.advance(3e9, slots: 0, capacity: 100, isWaiting: true)
    #expect(account.isBehind)
    #expect(FloorAccount(floor: .nan).floor == 0 && FloorAccount(floor: 7).floor == 0.3)
  }
}
