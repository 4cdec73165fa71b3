import Testing

@testable import VivaTesting

@Suite("A misbehaving client's view of the server's frames")
struct ServerFrameReaderTests {
  private let stream: [UInt8] =
    [0x81, 3] + Array("abc".utf8) + [0x89, 2, 1, 2] + [0x82, 126, 1, 0] + [UInt8](repeating: 9, count: 256)
    + [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 8, count: 65_536) + [0x81, 0] + [0x8A, 0]
    + [0x88, 5, 3, 0xF0] + Array("bye".utf8)

  private let frames: [ServerFrameReader.Frame] = [
    .data(head: Array("abc".utf8)), .ping([1, 2]), .data(head: [UInt8](repeating: 9, count: 64)),
    .data(head: [UInt8](repeating: 8, count: 64)), .data(head: []), .other, .close(code: 1008, reason: "bye"),
  ]

  @Test("does not depend on how they are cut", arguments: [1, 2, 3, 7, 100, 4096, 1 << 20])
  func cuts(size: Int) {
    var reader = ServerFrameReader()
    let read = stride(from: 0, to: stream.count, by: size).flatMap {
      reader.read(Array(stream[$0..<min(stream.count, $0 + size)]))
    }
    #expect(read == frames)
  }
}
