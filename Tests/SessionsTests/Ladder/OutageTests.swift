import Foundation
import Realtime
import Resilience
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("When nothing is left")
struct OutageTests {
  private let slots = [
    CallbackSlot(id: "mon-9", text: "Monday, 9:00"), CallbackSlot(id: "tue-9", text: "Tuesday, 9:00"),
  ]

  private func keeps(_ conversation: Conversation) -> [CallID] {
    conversation.actions.compactMap { if case .keepCallback(let call, _) = $0 { call } else { nil } }
  }

  private func outage() -> Conversation {
    let conversation = Conversation(slots: slots)
    conversation.lose(.asr, .tts, .llm)
    conversation.advance(milliseconds: 31_000)
    return conversation
  }

  @Test("the user is told so, and offered to come back, after half a minute by text")
  func offers() throws {
    let conversation = Conversation(slots: slots)
    conversation.lose(.asr, .tts, .llm)
    #expect(conversation.ladderChanges.last?.to == 4)
    conversation.advance(milliseconds: 29_000)
    #expect(conversation.ladderChanges.last?.to == 4)
    conversation.advance(milliseconds: 2000)
    #expect(conversation.ladderChanges.last?.to == 5 && conversation.ladderChanges.last?.reason == "outage")
    #expect(conversation.events.contains(.vivaCallbackOffered(slots)))
    #expect(conversation.core.state.items.last?.transcriptText == LadderNotices().fallback)
    #expect(!conversation.core.state.isEnded)
  }

  @Test("a choice is told to be chosen once it is kept, and only once")
  func chooses() throws {
    let conversation = outage()
    conversation.client(.callbackChoose(slotID: "tue-9"))
    #expect(!conversation.types.contains("viva.callback.chosen"))
    conversation.client(.callbackChoose(slotID: "mon-9"))
    #expect(conversation.errors.map(\.code) == ["callback_already_chosen"])
    conversation.give(.callbackKept(try #require(keeps(conversation).first), failure: nil))
    #expect(conversation.events.contains(.vivaCallbackChosen(slots[1])))
    #expect(conversation.core.state.callback == slots[1])
    #expect(keeps(conversation).count == 1)
  }

  @Test("a choice that could not be kept can be made again")
  func fails() throws {
    let conversation = outage()
    conversation.client(.callbackChoose(slotID: "tue-9"))
    conversation.give(.callbackKept(try #require(keeps(conversation).first), failure: "disk full"))
    #expect(conversation.errors.map(\.code) == ["callback_not_kept"])
    conversation.client(.callbackChoose(slotID: "tue-9"))
    #expect(keeps(conversation).count == 2)
  }

  @Test("nothing can be chosen that was not offered")
  func refuses() {
    let conversation = Conversation(slots: slots)
    conversation.client(.callbackChoose(slotID: "mon-9"))
    let later = outage()
    later.client(.callbackChoose(slotID: "sun-9"))
    #expect((conversation.errors + later.errors).map(\.code) == ["callback_not_offered", "callback_unknown_slot"])
  }

  @Test("it all comes back, a level at a time")
  func returns() {
    let conversation = outage()
    conversation.restore(.asr, .tts, .llm, milliseconds: 60_000)
    #expect(conversation.ladderChanges.map(\.to).suffix(4) == [4, 3, 2, 1])
    #expect(conversation.modalities.last == .audio)
  }

  @Test("an operator's floor takes the speech away, and gives it back")
  func floor() {
    let conversation = Conversation()
    conversation.give(.ladder(.floor(.basic, by: .operator)))
    #expect(conversation.ladderChanges.last?.reason == "operator" && conversation.modalities == [.text])
    conversation.give(.ladder(.floor(.full, by: .operator)))
    conversation.advance(milliseconds: 30_000)
    #expect(conversation.ladderChanges.last?.to == 1 && conversation.modalities == [.text, .audio])
  }

  @Test("a callback file keeps what was kept, beside a line that a crash cut off")
  func file() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "viva-callbacks-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "deep/callbacks.jsonl").path
    #expect(try CallbackFile.read(path: path).callbacks.isEmpty)
    let store = CallbackFile(path: path)
    let callbacks = (0..<3).map {
      Callback(sessionID: "sess_\($0)", agent: "a", slotID: "mon-9", slot: "Monday\n9:00", chosenAt: $0)
    }
    func keep(_ callback: Callback) async -> String? {
      await withCheckedContinuation { done in store.keep(callback) { done.resume(returning: $0) } }
    }
    #expect(await keep(callbacks[0]) == nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(#"{"agent":"a","chos"#.utf8))
    try file.close()
    for callback in callbacks.dropFirst() { #expect(await keep(callback) == nil) }
    let (read, unreadable) = try CallbackFile.read(path: path)
    #expect(read == callbacks && unreadable == 1)
    #expect(await CallbackFileFailure.keep() != nil)
  }
}

/// A path that no file can be at.
private enum CallbackFileFailure {
  static func keep() async -> String? {
    let store = CallbackFile(path: "/dev/null/callbacks.jsonl")
    return await withCheckedContinuation { done in
      store.keep(Callback(sessionID: "s", agent: "a", slotID: "m", slot: "M", chosenAt: 0)) {
        done.resume(returning: $0)
      }
    }
  }
}
