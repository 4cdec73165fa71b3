import Testing

@testable import VivaTesting

@Suite("Measurements of a process")
struct MeasurementTests {
  private func points(_ memory: (Double) -> Double) -> [MemoryTrend.Point] {
    (0...320).map { MemoryTrend.Point(seconds: Double($0), bytes: Int(memory(Double($0)) * 1024)) }
  }

  @Test("find a straight line")
  func line() throws {
    let trend = try #require(LinearTrend([(0, 1), (1, 3), (2, 5), (3, 7)]))
    #expect(abs(trend.slope - 2) < 1e-9)
    #expect(abs(trend.intercept - 1) < 1e-9)
    #expect(LinearTrend([(1, 1)]) == nil)
    #expect(LinearTrend([(1, 1), (1, 2)]) == nil)
  }

  @Test("call memory flat that rises with the load and then stands still")
  func flat() throws {
    let trend = try #require(
      MemoryTrend(
        points { 50_000 + min($0, 20) * 5000 + ($0 > 20 ? 100 * ($0.truncatingRemainder(dividingBy: 3)) : 0) },
        steady: 20...300))
    #expect(trend.startKiB == 50_000)
    #expect(trend.rampEndKiB == 150_000)
    #expect(abs(trend.kiBPerMinute) < 50)
    #expect(trend.isFlat == true)
  }

  @Test("find a leak, in KiB a minute")
  func leak() throws {
    let trend = try #require(MemoryTrend(points { 100_000 + 20 * $0 }, steady: 20...300))
    #expect(abs(trend.kiBPerMinute - 1200) < 1)
    #expect(abs(trend.kiBPerMinuteInSecondHalf - 1200) < 1)
    #expect(trend.middleKiB == 103_200)
    #expect(trend.endKiB == 106_000)
    #expect(trend.isFlat == false)
  }

  @Test("forgive what is filled in the first half, and do not judge what is short")
  func fill() throws {
    let filling = try #require(MemoryTrend(points { 100_000 + 500 * min($0, 100) }, steady: 20...300))
    #expect(filling.kiBPerMinute > 1000)
    #expect(filling.isFlat == true)
    #expect(MemoryTrend(points { $0 }, steady: 20...50)?.isFlat == nil)
    #expect(MemoryTrend(points { $0 }, steady: 400...500) == nil)
  }

  @Test("read the process's own figures")
  func own() throws {
    let usage = try #require(ProcessUsage.own)
    #expect(usage.residentBytes > 1 << 20)
    #expect(usage.threads >= 1)
    #expect(usage.descriptors > 2)
    #expect(ProcessUsage(pid: -1) == nil)
  }

  @Test("tell which connections a server has not closed")
  func sockets() {
    let table = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 203761 1
         1: 0100007F:1F90 0100007F:93EA 01 00000000:00000000 00:00000000 00000000     0        0 224580 1
         2: 0100007F:93EA 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 224579 2
         3: 0100007F:1F90 0100007F:93EB 08 00000000:00000000 00:00000000 00000000     0        0 224581 1
         4: 0100007F:1F90 0100007F:93EC 04 00000000:00000000 00:00000000 00000000     0        0 0 1
         5: 00000000000000000000000001000000:1F90 00000000000000000000000001000000:0010 01 0:0 0:0 0 0 0 1 1
        garbage
      """
    #expect(SocketTable.openPeers(ofLocalPort: 8080, in: table) == [0x93EA, 0x93EB, 0x10])
    #expect(SocketTable.openPeers(ofLocalPort: 8080, in: "") == [])
  }
}
