import NIOCore
import Testing

@testable import Workers

@Suite struct SampleBytesTests {
  @Test func samplesAreLittleEndianBehindWhatWasThere() {
    var buffer = ByteBuffer(bytes: [7])
    buffer.writeSamples([1, -2, .max, .min])
    buffer.writeSamples([])
    #expect(Array(buffer.readableBytesView) == [7, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x7F, 0x00, 0x80])
  }
}
