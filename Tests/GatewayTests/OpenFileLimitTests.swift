import Testing

@testable import Gateway

@Suite("Open files")
struct OpenFileLimitTests {
  @Test("are kept back for the server, however many clients come", arguments: [(65_536, 4096), (1024, 256), (100, 25)])
  func reserve(total: Int, reserved: Int) {
    let limit = OpenFileLimit(total: total)
    #expect(limit.reserved == reserved)
    #expect(limit.forClients == total - reserved)
  }
}
