extension String {
  /// The candidate that this is most likely a misspelling of, if any is close.
  func nearest(in candidates: [String]) -> String? {
    // A long key is no misspelling of ours, and the distance costs the product of the lengths.
    guard utf8.count <= 64 else { return nil }
    // Only the unit is missing.
    if let whole = candidates.first(where: { $0.hasPrefix("\(self)_") }) { return whole }
    let closest = candidates.map { (name: $0, distance: editDistance(to: $0)) }.min {
      $0.distance < $1.distance
    }
    guard let closest, closest.distance <= max(2, closest.name.utf8.count / 3) else { return nil }
    return closest.distance < closest.name.utf8.count ? closest.name : nil
  }

  /// Levenshtein's distance, in bytes.
  private func editDistance(to other: String) -> Int {
    let other = Array(other.utf8)
    var row = Array(0...other.count)
    for (i, byte) in utf8.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, otherByte) in other.enumerated() {
        let substitution = diagonal + (byte == otherByte ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = Swift.min(substitution, row[j] + 1, diagonal + 1)
      }
    }
    return row[other.count]
  }

  /// At most `limit` characters on one line, fit for a terminal or a log.
  func excerpt(limit: Int = 60) -> String {
    if isEmpty { return "\"\"" }
    let clean = String(prefix(limit).map { $0.isPrintable ? $0 : "?" })
    return count > limit ? clean + "…" : clean
  }
}

extension Character {
  fileprivate var isPrintable: Bool {
    unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
      default: true
      }
    }
  }
}
