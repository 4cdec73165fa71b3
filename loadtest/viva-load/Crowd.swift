import Foundation
import VivaTesting

/// Bots that arrive one after the other and talk.
struct Crowd: Sendable {
  /// Has one bot talk: for so long, beginning with that utterance.
  private let talk: @Sendable (Int, Duration) async -> Void

  /// Over WebSockets.
  init(server: RealtimeBot.Server, voices: [BotVoice], tally: BotTally) {
    talk = { index, duration in
      let bot = RealtimeBot(server: server, voice: voices[index % voices.count], tally: tally)
      await bot.talk(for: duration, firstUtterance: index)
    }
  }

  /// Over WebRTC.
  ///
  /// - Parameter lines: threads, over which the bots are spread.
  init(server: RealtimeBot.Server, voices: [CallVoice], lines: [CallLine]) {
    talk = { index, duration in
      let bot = WebRTCBot(
        server: server, voice: voices[index % voices.count], line: lines[index % lines.count])
      await bot.talk(for: duration, firstUtterance: index)
    }
  }

  /// Over SRTP beside a WebSocket.
  init(server: RealtimeBot.Server, voices: [CallVoice], sdesLines lines: [CallLine]) {
    talk = { index, duration in
      let bot = SDESBot(server: server, voice: voices[index % voices.count], line: lines[index % lines.count])
      await bot.talk(for: duration, firstUtterance: index)
    }
  }

  /// Returns when all have hung up: each after `seconds`, or when the task is cancelled.
  ///
  /// - Parameter ramp: seconds over which they arrive.
  func talk(bots: Int, seconds: Int = 86_400, ramp: Int) async {
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<bots {
        group.addTask { [talk] in
          guard (try? await Task.sleep(for: .milliseconds(index * ramp * 1000 / bots))) != nil else { return }
          await talk(index, .seconds(seconds))
        }
      }
    }
  }

  /// Has `bots` talk while `body` runs.
  func talking<Result>(bots: Int, during body: () async throws -> Result) async rethrows -> Result {
    let talking = Task { await talk(bots: bots, ramp: min(10, bots)) }
    defer { talking.cancel() }
    let result = try await body()
    talking.cancel()
    await talking.value
    return result
  }
}
