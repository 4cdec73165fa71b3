import Testing

@testable import Gateway

@Suite("Messages on their way to a client")
struct OutboundQueueTests {
  @Test("leave in order, each as one frame, in as few writes as may be")
  func order() {
    var queue = OutboundQueue(limit: 1 << 20)
    queue.append([1, 2], .text)
    queue.append([], .binary)
    queue.append([UInt8](repeating: 7, count: 300), .text)
    queue.close(.init(code: 1001, reason: "bye"))
    let size = 4 + 2 + 304 + 7
    #expect(queue.byteCount == size)
    let batch = queue.takeBatch()
    #expect(batch.count == size)
    #expect(Array(batch.prefix(10)) == [0x81, 2, 1, 2, 0x82, 0, 0x81, 126, 1, 44])
    #expect(Array(batch.suffix(7)) == [0x88, 5, 3, 0xe9] + Array("bye".utf8))
    #expect(queue.isEmpty)
    #expect(queue.byteCount == size, "the kernel has not taken them")
    queue.batchWasWritten()
    #expect(queue.byteCount == 0)
    #expect(queue.takeBatch() == [])
  }

  @Test("that are many leave in batches of whole frames")
  func batches() {
    var queue = OutboundQueue(limit: 8 << 20)
    for index in 0..<100 { queue.append([UInt8](repeating: UInt8(index), count: 50_000), .binary) }
    var next: UInt8 = 0
    while !queue.isEmpty {
      let batch = queue.takeBatch()
      queue.batchWasWritten()
      #expect(batch.count <= OutboundQueue.batchBytes)
      #expect(batch.count % 50_004 == 0)
      for start in stride(from: 0, to: batch.count, by: 50_004) {
        #expect(batch[start + 4] == next)
        next += 1
      }
    }
    #expect(next == 100)
    #expect(queue.byteCount == 0)
  }

  @Test("that are longer than a batch leave alone")
  func longMessage() {
    var queue = OutboundQueue(limit: 8 << 20)
    queue.append([1], .text)
    queue.append([UInt8](repeating: 2, count: 1 << 20), .text)
    queue.append([3], .text)
    #expect(queue.takeBatch().count == 3)
    #expect(queue.takeBatch().count == (1 << 20) + 10)
    #expect(queue.takeBatch() == [0x81, 1, 3])
  }

  @Test("let a ping pass, one at a time")
  func ping() {
    var queue = OutboundQueue(limit: 1000)
    queue.append([1], .text)
    queue.ping()
    queue.ping()
    #expect(queue.byteCount == 9)
    #expect(queue.takeBatch() == [0x89, 4] + Array("viva".utf8) + [0x81, 1, 1])
    queue.close(.init(code: 1000, reason: ""))
    queue.ping()
    #expect(queue.takeBatch() == [0x88, 2, 3, 0xE8])
  }

  @Test("are dropped when the client reads too little, and it is told so")
  func backlog() {
    var queue = OutboundQueue(limit: 1000)
    queue.append([UInt8](repeating: 1, count: 400), .text)
    _ = queue.takeBatch()
    queue.append([UInt8](repeating: 2, count: 400), .text)
    #expect(queue.closing == nil)
    queue.append([UInt8](repeating: 3, count: 400), .text)
    #expect(queue.closing == .init(code: 1008, reason: "client is not reading", becauseOfBacklog: true))
    queue.append([4], .text)
    #expect(queue.takeBatch() == [0x88, 23, 3, 0xf0] + Array("client is not reading".utf8))
  }
}
