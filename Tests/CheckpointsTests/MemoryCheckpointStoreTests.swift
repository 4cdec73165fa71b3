import Checkpoints
import Testing

@Suite("Memory checkpoint store")
struct MemoryCheckpointStoreTests {
  @Test("keeps the records of each session in the order of their commits")
  func order() {
    let store = MemoryCheckpointStore()
    for value in UInt8(0)..<10 {
      store.commit([CheckpointRecord(bytes: [value])], session: value.isMultiple(of: 2) ? "even" : "odd") { result in
        #expect(result == .committed)
      }
    }
    #expect(store.records(session: "even").map(\.bytes) == [[0], [2], [4], [6], [8]])
    store.remove(session: "even")
    #expect(store.records(session: "even").isEmpty)
    #expect(store.records(session: "odd").count == 5)
  }
}
