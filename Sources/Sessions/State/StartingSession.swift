import Foundation
import Realtime
import VivaConfiguration
import Workers

extension RealtimeSession {
  /// What a session of `agent` is before the client says anything.
  static func starting(
    id: String, agent: Agent, kind: Kind = .realtime, limits: LimitSettings
  ) -> RealtimeSession {
    var session = RealtimeSession(id: id, model: agent.name, kind: kind)
    session.instructions = agent.instructions
    session.voice = agent.voice.map { Voice($0) }
    session.speed = agent.speed
    session.noiseReduction = agent.noiseReduction.map { NoiseReduction(field: .init(rawValue: $0)) }
    // Transcripts cost nothing here: the model reads them anyway.
    session.transcription = Transcription(language: agent.language)
    var turnDetection = TurnDetection()
    turnDetection.kind = agent.turnDetection.kind == .semanticVAD ? .semanticVAD : .serverVAD
    turnDetection.eagerness = .init(rawValue: agent.turnDetection.eagerness.rawValue) ?? .auto
    turnDetection.threshold = agent.turnDetection.threshold
    turnDetection.prefixPaddingMilliseconds = agent.turnDetection.prefixPaddingMilliseconds
    turnDetection.silenceDurationMilliseconds = agent.turnDetection.silenceDurationMilliseconds
    session.turnDetection = turnDetection
    session.expiresAt = Int(Date().timeIntervalSince1970) + limits.sessionMinutes * 60
    return session
  }
}

extension RealtimeSession.ToolChoice {
  /// As the language model's interface has it.
  var workerChoice: Workers.ToolChoice {
    switch self {
    case .auto: .auto
    case .none: .none
    case .required: .required
    case .function(let name): .function(name)
    }
  }
}
