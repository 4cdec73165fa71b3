public enum OggOpusError: Error, Equatable {
  /// The bytes do not start with an Ogg page.
  case notOgg
  /// The Ogg stream's first page has no `OpusHead`, or its second packet is no `OpusTags`.
  case notOpus
  /// An `OpusHead` of a later version, or for other than one or two channels.
  case unsupportedHeader
  /// A packet of more bytes than `OggOpusReader` takes.
  case packetTooLarge
}
