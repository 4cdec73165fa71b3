/// `ladder:`, and what is said at each of its steps.
enum LadderReader {
  static func read(_ section: Section, into ladder: inout LadderSettings) {
    section.number("up_interval_s", 0.1...600, into: &ladder.upIntervalSeconds)
    section.integer("successful_probes", 1...100, into: &ladder.successfulProbes)
    section.number("relapse_window_s", 1...86_400, into: &ladder.relapseWindowSeconds)
    section.number("longest_up_interval_s", 1...3600, into: &ladder.longestUpIntervalSeconds)
    section.number("outage_patience_s", 0...3600, into: &ladder.outagePatienceSeconds)
    section.number("low_confidence", 0...1, into: &ladder.lowConfidence)
    section.number("restored_confidence", 0...1, into: &ladder.restoredConfidence)
    if ladder.restoredConfidence < ladder.lowConfidence {
      section.report("restored_confidence", "is below low_confidence, \(ladder.lowConfidence)")
    }
    section.section("overload") { overload in
      overload.integer("lag_ms", 1...10_000, into: &ladder.overload.lagMilliseconds)
      overload.integer("calm_lag_ms", 0...10_000, into: &ladder.overload.calmLagMilliseconds)
      overload.integer("after_s", 1...600, into: &ladder.overload.afterSeconds)
      overload.integer("calm_s", 1...3600, into: &ladder.overload.calmSeconds)
      overload.integer("worst_level", 1...5, into: &ladder.overload.worstLevel)
      if ladder.overload.calmLagMilliseconds > ladder.overload.lagMilliseconds {
        overload.report("calm_lag_ms", "is above lag_ms, \(ladder.overload.lagMilliseconds)")
      }
    }
    section.section("notices") { notices in
      notices.text("cannot_hear", into: &ladder.notices.cannotHear)
      notices.text("cannot_speak", into: &ladder.notices.cannotSpeak)
      notices.text("text_mode", into: &ladder.notices.textMode)
      notices.text("voice_back", into: &ladder.notices.voiceBack)
      notices.text("questions", into: &ladder.notices.questions)
      notices.text("resolved", into: &ladder.notices.resolved)
      notices.text("low_confidence", into: &ladder.notices.lowConfidence)
      notices.text("fallback", into: &ladder.notices.fallback)
    }
  }
}
