import Testing

@testable import Workers

@Suite struct WyomingAddressTests {
  @Test func readsWhatServersListenAt() {
    #expect(WyomingAddress("tcp://127.0.0.1:10300") == .tcp(host: "127.0.0.1", port: 10_300))
    #expect(WyomingAddress("tcp://[::1]:10300") == .tcp(host: "::1", port: 10_300))
    #expect(WyomingAddress("unix:///run/asr.sock") == .unix(path: "/run/asr.sock"))
  }

  @Test(arguments: ["", "tcp://host", "tcp://:1", "tcp://host:70000", "http://host:1", "unix://", "%%%"])
  func refusesTheRest(_ url: String) {
    #expect(WyomingAddress(url) == nil)
  }
}
