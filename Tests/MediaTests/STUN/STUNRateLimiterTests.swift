import Runtime
import Testing

@testable import Media

@Suite struct STUNRateLimiterTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)

  /// `#expect` cannot change a value that is not copyable.
  private final class Limiter {
    private var limiter: STUNRateLimiter

    init(capacity: Int = 4096, burst: Int, perSecond: Int, seed: UInt64) {
      limiter = STUNRateLimiter(capacity: capacity, burst: burst, perSecond: perSecond, seed: seed)
    }

    func allows(_ address: TransportAddress, at now: Instant) -> Bool { limiter.allows(address, at: now) }
  }

  private func address(_ number: UInt32, port: UInt16 = 1) -> TransportAddress {
    TransportAddress(ipv4: number, port: port)
  }

  @Test("a source has its burst, then its rate")
  func limits() {
    let limiter = Limiter(burst: 5, perSecond: 10, seed: 1)
    #expect((0..<20).filter { _ in limiter.allows(address(1), at: start) }.count == 5)
    for tenth in 1...50 {
      let now = start + .milliseconds(100 * tenth)
      #expect(limiter.allows(address(1), at: now))
      #expect(!limiter.allows(address(1), at: now))
    }
    let later = start + .seconds(60)
    #expect((0..<20).filter { _ in limiter.allows(address(1), at: later) }.count == 5)
  }

  @Test("ports are one source, and so are the addresses of one IPv6 subscriber; others are not touched")
  func joinsSources() throws {
    let limiter = Limiter(burst: 1, perSecond: 1, seed: 1)
    #expect(limiter.allows(address(1, port: 1), at: start))
    #expect(!limiter.allows(address(1, port: 2), at: start))
    #expect(limiter.allows(address(2), at: start))
    #expect(limiter.allows(try #require(TransportAddress("[2001:db8:0:1::1]:1")), at: start))
    #expect(!limiter.allows(try #require(TransportAddress("[2001:db8:0:1:f::2]:1")), at: start))
    #expect(limiter.allows(try #require(TransportAddress("[2001:db8:0:2::1]:1")), at: start))
  }

  @Test("a flood from as many sources as the table holds does not free one that is over its limit")
  func keepsTheWorst() {
    let limiter = Limiter(capacity: 1024, burst: 10, perSecond: 1, seed: 7)
    while limiter.allows(address(0xFFFF_0000), at: start) {}
    for number in 0..<256 as Range<UInt32> { _ = limiter.allows(address(number), at: start) }
    #expect(!limiter.allows(address(0xFFFF_0000), at: start))
  }

  @Test("odd limits, capacities and times are safe")
  func survivesOddSettings() {
    for (capacity, burst, rate) in [(0, 0, 0), (-1, -5, -7), (.max, .max, .max), (.min, .min, .min), (5, 1, .max)] {
      let limiter = Limiter(capacity: capacity, burst: burst, perSecond: rate, seed: .max)
      #expect(limiter.allows(address(1), at: start))
      for nanoseconds in [Int64.max, .min, 0] {
        _ = limiter.allows(address(1), at: Instant(nanoseconds: nanoseconds))
      }
    }
  }
}
