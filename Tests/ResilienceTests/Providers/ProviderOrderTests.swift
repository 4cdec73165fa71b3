import Resilience
import Runtime
import Testing

@Suite struct ProviderOrderTests {
  private func ids(
    _ order: ProviderOrder<String>, preferring: String? = nil, seed: UInt64 = 1,
    _ standing: [String: ProviderStanding] = [:]
  ) -> [String] {
    var random = Seeded(state: seed)
    return order.attempts(preferring: preferring, standing: { standing[$0] ?? .ready }, using: &random)
      .map { $0.id + ($0.isLastResort ? "!" : "") }
  }

  private let tiers = ProviderOrder([
    .init("backup", priority: 1), .init("primary", priority: 0), .init("last", priority: 7),
  ])

  @Test("priorities come first, whatever chance says", arguments: 0..<UInt64(20))
  func keepsPriorities(seed: UInt64) {
    #expect(ids(tiers, seed: seed) == ["primary", "backup", "last"])
  }

  @Test("among equals each is first in proportion to its weight, and all are on the way")
  func drawsByWeight() {
    let order = ProviderOrder<String>([.init("a", weight: 6), .init("b", weight: 3), .init("c", weight: 1)])
    var random = Seeded(state: 5)
    var first: [String: Int] = [:]
    var second: [String: Int] = [:]
    for _ in 0..<10_000 {
      let attempts = order.attempts(standing: { _ in .ready }, using: &random).map(\.id)
      #expect(Set(attempts) == ["a", "b", "c"])
      first[attempts[0], default: 0] += 1
      if attempts[0] == "a" { second[attempts[1], default: 0] += 1 }
    }
    #expect(abs(first["a"]! - 6000) < 200)
    #expect(abs(first["b"]! - 3000) < 200)
    // Without a, b and c are 3 to 1.
    #expect(abs(Double(second["b"]!) / Double(first["a"]!) - 0.75) < 0.03)
  }

  @Test("the same seed gives the same order")
  func isRepeatable() {
    let order = ProviderOrder((0..<10).map { .init("\($0)") })
    #expect(ids(order, seed: 3) == ids(order, seed: 3))
    #expect(ids(order, seed: 3) != ids(order, seed: 4))
  }

  @Test("weights that are none come after the others, in the order of the file", arguments: 0..<UInt64(20))
  func survivesOddWeights(seed: UInt64) {
    let order = ProviderOrder<String>([
      .init("nan", weight: .nan), .init("zero", weight: 0), .init("less", weight: -4), .init("some", weight: 1e-300),
      .init("all", weight: .infinity),
    ])
    #expect(ids(order, seed: seed) == ["all", "some", "nan", "zero", "less"])
  }

  @Test("who is preferred comes first among its equals, while it is ready, and not before its betters")
  func prefers() {
    let order = ProviderOrder<String>([.init("a", weight: 1e9), .init("b"), .init("c", priority: 1)])
    #expect(ids(order, preferring: "b") == ["b", "a", "c"])
    #expect(ids(order, preferring: "c") == ["a", "b", "c"])
    #expect(ids(order, preferring: "b", ["b": .waiting(.seconds(1))]) == ["a", "c", "b!"])
  }

  @Test("one whose breaker is open is asked only when the others have failed")
  func passesOverOpenOnes() {
    #expect(ids(tiers, ["primary": .waiting(.seconds(30))]) == ["backup", "last", "primary!"])
  }

  @Test("with all breakers open, the least bad is asked all the same, and no other")
  func asksTheLeastBad() {
    let standing: [String: ProviderStanding] = [
      "primary": .waiting(.seconds(30)), "backup": .waiting(.seconds(10)), "last": .waiting(.seconds(20)),
    ]
    #expect(ids(tiers, standing) == ["backup!"])
    #expect(ids(ProviderOrder(tiers.candidates, lastResorts: 2), standing) == ["backup!", "last!"])
    #expect(ids(ProviderOrder(tiers.candidates, lastResorts: -1), standing) == [])
  }

  @Test("who is excluded is never asked")
  func excludes() {
    #expect(ids(tiers, ["primary": .excluded, "last": .excluded]) == ["backup"])
    #expect(ids(tiers, ["primary": .excluded, "last": .excluded, "backup": .excluded]) == [])
    #expect(ids(ProviderOrder([])) == [])
  }
}
