import Audio
import Realtime
import Runtime
import Workers

/// Over a media leg a notice can be heard even when nobody can speak: it was spoken before, and its packets are kept.
extension SessionCore {
  /// Whether the client would hear a notice, were there a voice.
  var wouldHearNotices: Bool {
    !ladder.canSpeak && playout.isServed && session.speed == 1 && (ladder.hidesVoice || session.modality == .audio)
  }

  /// There is a voice: what has to be said once there is none is spoken ahead.
  mutating func prepareNotices() {
    guard !ladder.hasPreparedNotices, playout.isServed, session.speed == 1 else { return }
    ladder.hasPreparedNotices = true
    let notices = [ladder.notices.cannotSpeak, ladder.notices.textMode, ladder.notices.fallback]
    act(.preparePhrases(notices.flatMap { clauses(of: $0) }))
  }

  mutating func recall(_ notice: SessionLadder.Notice) {
    let call = newCall()
    ladder.recalling = (call, notice)
    act(.recallPhrases(call, clauses(of: notice.text)))
  }

  /// - Parameter phrases: one for each clause; nil where not all are there.
  mutating func recalled(_ call: CallID, _ phrases: [EncodedPhrase]?, at now: Instant) {
    guard let (asked, notice) = ladder.recalling, asked == call else { return }
    ladder.recalling = nil
    // Somebody has begun to speak meanwhile; the notice is also written.
    guard response == nil, floor == nil, !isSilenced, !turns.contains(where: \.isSpeaking) else { return }
    if let phrases, playout.isServed, !phrases.isEmpty, phrases.allSatisfy({ $0.samples > 0 }) {
      startResponse(.phrase(notice.text), recalled: phrases, at: now)
    } else if notice.isSaidByText {
      startResponse(.phrase(notice.text), at: now)
    }
  }

  /// A text as it is spoken: clause by clause.
  private func clauses(of text: String) -> [SpeechRequest] {
    var splitter = ClauseSplitter()
    let clauses = splitter.append(text) + [splitter.finish()].compactMap { $0 }
    return clauses.compactMap(SpeakableText.from).map { SpeechRequest(text: $0, voice: session.voice?.name) }
  }
}
