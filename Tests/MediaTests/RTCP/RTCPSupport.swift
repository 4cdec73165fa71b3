import Testing

@testable import Media

/// All packets of a compound.
func readRTCP(_ compound: [UInt8]) throws(RTCPError) -> [RTCPPacket] {
  var reader = try RTCPCompound(compound.span.bytes)
  var packets: [RTCPPacket] = []
  while let packet = try reader.next(in: compound.span.bytes) { packets.append(packet) }
  return packets
}

func writeRTCP(room: Int = 1200, _ body: (inout RTCPWriter, inout MutableRawSpan) -> Void) -> [UInt8] {
  var buffer = [UInt8](repeating: 0xee, count: room)
  var span = buffer.mutableSpan
  var bytes = span.mutableBytes
  var writer = RTCPWriter()
  body(&writer, &bytes)
  let count = writer.count
  #expect(buffer.dropFirst(count).allSatisfy { $0 == 0xee })
  return Array(buffer.prefix(count))
}

func blocks(_ blocks: ReportBlocks?, _ compound: [UInt8]) -> [ReportBlock] {
  (0..<(blocks?.count ?? 0)).compactMap { blocks?.block(at: $0, in: compound.span.bytes) }
}

func lost(_ nack: GenericNACK, _ compound: [UInt8]) -> [UInt16] {
  (0..<nack.count).flatMap { nack.entry(at: $0, in: compound.span.bytes).map(Array.init) ?? [] }.map(\.rawValue)
}

func lost(_ batch: NACKBatch) -> [UInt16] {
  (0..<batch.count).flatMap { Array(batch[$0]) }.map(\.rawValue)
}

enum RTCPSamples {
  static let senderReport = bytes(
    """
    81 c8 000c cafebabe  b44db705 20000000  00000960 00000064 00002710
    deadbeef 40 fffffe 00012345 00000007 b7052000 00054000
    """)
  static let description = bytes("82 ca 0006 00000001 01 03 616263 00 0000  00000002 02 01 78 01 02 6869 00")
  static let receiverReport = bytes("80 c9 0001 00000001")
  static let nack = bytes("81 cd 0004 00000001 00000002 fffe 8005 0100 0000")
  static let goodbye = bytes("82 cb 0004 00000001 00000002 05 68656c6c6f 0000")
  static let pictureLoss = bytes("81 ce 0002 00000001 00000002")
  static let fullIntra = bytes("84 ce 0004 00000001 00000000 00000002 07000000")
  static let padded = bytes("a0 c9 0002 00000001 00000004")
  static let application = bytes("80 cc 0002 00000001 76697661")

  static let all = [
    senderReport, description, receiverReport, nack, goodbye, pictureLoss, fullIntra, padded, application,
    senderReport + description + nack, receiverReport + description + application + goodbye,
  ]
}
