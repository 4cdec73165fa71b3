extension FuzzTarget {
  /// Every target, in the order of a run.
  static let all: [FuzzTarget] =
    [
      .clientEvent,
      .clientSecret,
      .jsonValue,
      .base64,
      .session,
      .audioPayload,
      .opusPacket,
      .jitterBuffer,
      .peer,
      .oggOpus,
      .webSocketMessage,
      .httpRequest,
      .callBody,
      .wyoming,
      .chatCompletion,
      .transcription,
      .speechReply,
      .toolReply,
      .toolArguments,
      .spokenText,
      .configuration,
      .agent,
    ] + media
}
