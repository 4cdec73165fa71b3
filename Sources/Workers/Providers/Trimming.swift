extension String {
  /// Without white space and line breaks at its ends. Looks at nothing but the ends, so that it may be asked for each
  /// piece of a text that grows.
  var trimmed: String {
    let scalars = unicodeScalars
    guard let start = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(self[start..<scalars.index(after: last)])
  }
}
