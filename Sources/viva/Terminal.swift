import Foundation

/// A line for the person who started the command. Written at once: a pipe must not hold back "ready".
func say(_ line: String) {
  FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// A line about what went wrong.
func complain(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
