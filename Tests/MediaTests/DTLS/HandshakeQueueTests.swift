import Runtime
import Testing

@testable import Media

struct HandshakeQueueTests {
  @Test
  func aTickHasSoManySteps() {
    var queue = HandshakeQueue<Int>(stepsPerTick: 3, maximumHalfOpen: 100)
    for id in 0..<10 {
      #expect(queue.insert(id) == nil)
      queue.enqueue(id)
    }
    queue.beginTick()
    #expect([queue.next(), queue.next(), queue.next(), queue.next()] == [0, 1, 2, nil])
    queue.beginTick()
    queue.beginTick()
    #expect([queue.next(), queue.next(), queue.next(), queue.next()] == [3, 4, 5, nil])
    #expect(queue.isWaiting)
  }

  @Test
  func whoHasMoreToDoGoesToTheEndOfTheLine() {
    var queue = HandshakeQueue<String>(stepsPerTick: 100, maximumHalfOpen: 100)
    _ = queue.insert("greedy")
    _ = queue.insert("modest")
    queue.enqueue("greedy")
    queue.enqueue("greedy")
    queue.enqueue("modest")
    var order: [String] = []
    queue.beginTick()
    for _ in 0..<3 {
      guard let id = queue.next() else { break }
      order.append(id)
      queue.enqueue("greedy")
    }
    #expect(order == ["greedy", "modest", "greedy"])
  }

  @Test
  func theOldestGivesWayBeyondTheCap() {
    var queue = HandshakeQueue<Int>(stepsPerTick: 10, maximumHalfOpen: 3)
    for id in 0..<3 { #expect(queue.insert(id) == nil) }
    queue.remove(1)
    #expect(queue.insert(3) == nil)
    #expect(queue.insert(4) == 0)
    #expect(queue.insert(5) == 2)
    #expect(queue.insert(5) == nil)
    #expect(queue.halfOpen == 3)
    // Who has gone is nobody's turn.
    queue.enqueue(0)
    queue.enqueue(4)
    queue.remove(4)
    #expect(!queue.isWaiting)
    queue.beginTick()
    #expect(queue.next() == nil)
  }

  @Test
  func anIDThatComesAgainIsANewcomer() {
    var queue = HandshakeQueue<Int>(stepsPerTick: 10, maximumHalfOpen: 2)
    _ = queue.insert(1)
    queue.enqueue(1)
    queue.remove(1)
    _ = queue.insert(2)
    _ = queue.insert(1)
    queue.beginTick()
    #expect(queue.next() == nil)
    #expect(queue.insert(3) == 2)
  }

  @Test
  func comingAndGoingLeavesNothingBehind() {
    var queue = HandshakeQueue<Int>(stepsPerTick: 1, maximumHalfOpen: 1000)
    for id in 0..<100_000 {
      _ = queue.insert(id)
      queue.enqueue(id)
      queue.remove(id)
    }
    #expect(queue.halfOpen == 0)
    #expect(!queue.isWaiting)
    #expect(queue.entries < 200)

    var small = HandshakeQueue<Int>(stepsPerTick: 1, maximumHalfOpen: 3)
    for id in 0..<10_000 {
      _ = small.insert(id)
      small.enqueue(id)
    }
    #expect(small.entries < 200)
  }

  /// Virtual time: five hundred callers come back in one instant. Each handshake is two steps of 0.3 ms, a round trip
  /// of 60 ms apart, and whoever is not answered repeats itself, doubling from 50 ms. The loop also has 500 packets of
  /// others' audio to send each 20 ms, 5 µs each.
  @Test
  func fiveHundredReconnectsAtOnceDoNotHoldUpAudio() {
    struct Caller {
      var stepsDone = 0
      var waits = true
      var arrivesAt = 0
    }
    let tick = 20_000  // µs
    var queue = HandshakeQueue<Int>(stepsPerTick: 16, maximumHalfOpen: 600)
    var callers = [Caller](repeating: Caller(), count: 500)
    for id in callers.indices { #expect(queue.insert(id) == nil) }
    var doneAt = [Int](repeating: 0, count: 500)
    var latest = 0
    var time = 0
    while queue.halfOpen > 0, time < 10_000_000 {
      var clock = time
      // Audio first, then the tick's share of handshakes: how late is a packet that comes right then?
      clock += 500 * 5
      for id in callers.indices where callers[id].waits && callers[id].arrivesAt <= time && callers[id].stepsDone < 2 {
        queue.enqueue(id)
      }
      queue.beginTick()
      let handshakesFrom = clock
      while let id = queue.next() {
        clock += 300
        callers[id].stepsDone += 1
        callers[id].arrivesAt = clock + 60_000
        if callers[id].stepsDone == 2 {
          doneAt[id] = clock
          queue.remove(id)
        }
      }
      latest = max(latest, clock - handshakesFrom)
      time = max(time + tick, clock)
    }
    #expect(queue.halfOpen == 0)
    // 16 × 0.3 ms.
    #expect(latest <= 4800)
    // A thousand steps at sixteen a tick are 1.26 s: nobody waits longer than that and a round trip.
    #expect(doneAt.max()! < 1_400_000)
    // Fair: whoever came later was not overtaken by more than a tick.
    for id in 1..<500 { #expect(doneAt[id] >= doneAt[id - 1] - tick) }
  }

  @Test
  func aStormOfRealHandshakesEndsWellWithinTheBudget() {
    var queue = HandshakeQueue<Int>(stepsPerTick: 4, maximumHalfOpen: 100)
    let pairs = (0..<40).map { _ in DTLSPair() }
    for id in pairs.indices { #expect(queue.insert(id) == nil) }
    var ticks = 0
    while queue.halfOpen > 0, ticks < 200 {
      ticks += 1
      for id in pairs.indices {
        DTLSPair.run(&pairs[id].client).forEach { pairs[id].server.connection.handle($0) }
        if pairs[id].server.connection.needsStep { queue.enqueue(id) }
      }
      queue.beginTick()
      var steps = 0
      while let id = queue.next() {
        steps += 1
        let server = pairs[id].server.connection
        server.step(now: .now)
        while let datagram = server.pollTransmit() { pairs[id].client.connection.handle(datagram) }
        if server.needsStep { queue.enqueue(id) }
        if server.state == .connected { queue.remove(id) }
      }
      #expect(steps <= 4)
    }
    for pair in pairs { _ = DTLSPair.run(&pair.client) }
    #expect(!pairs.contains { !$0.areConnected })
    // Eighty steps, and some more for what is sent again when the machine is busy.
    #expect(ticks <= 100)
  }
}
