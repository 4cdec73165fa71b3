import Foundation

/// The value of HTTP's `Retry-After` (RFC 9110 §10.2.3): seconds, or a date in one of the three forms of §5.6.7.
enum RetryAfter {
  /// No more than a day is believed.
  static let longest = 86_400

  /// - Parameter now: The wall clock that a date is compared with.
  /// - Returns: Zero for a date that is past; nil for what is neither.
  static func parse(_ value: String, now: Date) -> Duration? {
    let value = value.trimmed
    guard value.utf8.count <= 64 else { return nil }
    if !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return .seconds(min(Int(value) ?? longest, longest))
    }
    guard let seconds = secondsSince1970(value) else { return nil }
    let wait = Double(seconds) - now.timeIntervalSince1970
    return .seconds(max(0, min(wait, Double(longest))))
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  private static func secondsSince1970(_ date: String) -> Int? {
    // Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT; Sun Nov  6 08:49:37 1994
    var words = date.split { [" ", ",", "-"].contains($0) }.map(String.init)
    guard words.count == 5 || words.count == 6 && words[5] == "GMT" else { return nil }
    if words.count == 5 { words = [words[0], words[2], words[1], words[4], words[3]] }
    let time = words[4].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
    guard let day = Int(words[1]), (1...31).contains(day), let month = months.firstIndex(of: words[2]),
      var year = Int(words[3]), (0...9999).contains(year), time.count == 3,
      (0...23).contains(time[0]), (0...59).contains(time[1]), (0...60).contains(time[2])
    else { return nil }
    // Two digits are of this century until it is half over.
    if year < 100 { year += year < 70 ? 2000 : 1900 }
    return daysSince1970(year, month + 1, day) * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
  }

  /// Of the Gregorian calendar; the year begins with March, so that the leap day is its last.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }
}
