import Testing

@testable import Gateway

@Suite struct PeerTagsTests {
  @Test("a place is given out again under another number, and only once it is free")
  func reuse() throws {
    var tags = PeerTags()
    func reserve() throws -> UInt32 {
      let tag = tags.reserve()
      return try #require(tag)
    }
    let first = try reserve()
    let second = try reserve()
    #expect(PeerTags.slot(of: first) != PeerTags.slot(of: second))
    tags.giveBack(first)
    let third = try reserve()
    #expect(PeerTags.slot(of: third) == PeerTags.slot(of: first))
    #expect(third != first)
    // Late, and twice: nobody's any more.
    tags.giveBack(first)
    let fourth = try reserve()
    #expect(PeerTags.slot(of: fourth) != PeerTags.slot(of: third))
  }

  @Test("are bounded")
  func bound() {
    var tags = PeerTags()
    var count = 0
    while tags.reserve() != nil { count += 1 }
    #expect(count == PeerTags.capacity)
    tags.giveBack(7)
    let again = tags.reserve()
    #expect(again != nil)
  }
}
