import Synchronization
import Testing

@testable import Media

struct SRTPThreadTests {
  /// One session at a time to a thread, all threads at once, with sessions coming and going.
  @Test
  func sessionsOfSeveralThreadsDoNotDisturbOneAnother() async {
    await withTaskGroup(of: Int.self) { group in
      for worker in 0..<4 {
        group.addTask {
          var intact = 0
          for round in 0..<20 {
            let profile = SRTPProfile.allCases[(worker + round) % 2]
            let key = masterKey(profile, UInt8(worker * 20 + round))
            guard var sender = try? sender(key, at: 65_500), var receiver = try? SRTPReceiver(key) else { continue }
            for index in 65_500..<65_600 as Range<UInt64> {
              guard let protected = try? sender.protect(packet(index)) else { continue }
              if (try? receiver.unprotect(protected)) == packet(index) { intact += 1 }
            }
          }
          return intact
        }
      }
      for await intact in group { #expect(intact == 2000) }
    }
  }
}
