import Foundation

/// Bytes that malloc has handed out in this process, all threads together (glibc's `malloc_info`, which Swift does not
/// import).
func heapBytesInUse() -> Int {
  typealias MallocInfo = @convention(c) (Int32, UnsafeMutableRawPointer) -> Int32
  guard let symbol = dlsym(nil, "malloc_info") else { return 0 }
  var text: UnsafeMutablePointer<CChar>?
  var length = 0
  guard let file = open_memstream(&text, &length) else { return 0 }
  _ = unsafeBitCast(symbol, to: MallocInfo.self)(0, UnsafeMutableRawPointer(file))
  fclose(file)
  defer { free(text) }
  // The last of each name are the totals.
  let xml = String(cString: text!)
  func total(_ name: String) -> Int {
    guard let line = xml.components(separatedBy: "\n").last(where: { $0.hasPrefix("<\(name) ") || $0.hasPrefix(name) }),
      let size = line.components(separatedBy: "size=\"").last?.prefix(while: \.isNumber)
    else { return 0 }
    return Int(size) ?? 0
  }
  return total("<system type=\"current\"") - total("<total type=\"fast\"") - total("<total type=\"rest\"")
    + total("<total type=\"mmap\"")
}

/// How much more memory is in use after `body`, in bytes: the least of some rounds, since tests that run at the same time
/// take and give back too.
func leastHeapGrowth(rounds: Int, _ body: () throws -> Void) rethrows -> Int {
  var least = Int.max
  for _ in 0..<rounds {
    let before = heapBytesInUse()
    try body()
    least = min(least, heapBytesInUse() - before)
  }
  return least
}
