import Checkpoints
import Synchronization
import Testing

@Suite("Volatile checkpoint store")
struct VolatileCheckpointStoreTests {
  @Test("completes commits in their order, before they return")
  func order() {
    let store = VolatileCheckpointStore()
    let completed = Mutex<[UInt8]>([])
    for value in UInt8(0)..<10 {
      store.commit([CheckpointRecord(bytes: [value])], session: "one") { result in
        #expect(result == .committed)
        completed.withLock { $0.append(value) }
      }
      #expect(completed.withLock { $0.last } == value)
    }
    #expect(completed.withLock { $0 } == Array(0..<10))
  }
}
