/// Pages that are not in use, to be used again.
struct PagePool {
  /// Half a second of companded speech at 24 kHz.
  static let pageSize = 12_000

  private var free: [[UInt8]] = []

  /// An empty page with room for `pageSize` bytes.
  fileprivate mutating func take() -> [UInt8] {
    if let page = free.popLast() { return page }
    var page: [UInt8] = []
    page.reserveCapacity(Self.pageSize)
    return page
  }

  fileprivate mutating func giveBack(_ page: consuming [UInt8]) {
    page.removeAll(keepingCapacity: true)
    free.append(page)
  }
}

/// Bytes that only grow, in pages of a pool.
struct PagedBytes {
  private var pages: [[UInt8]] = []
  private(set) var count = 0

  var bytes: [UInt8] { Array(pages.joined()) }

  mutating func append(_ bytes: [UInt8], from pool: inout PagePool) {
    var start = 0
    while start < bytes.count {
      if pages.isEmpty || pages[pages.count - 1].count == PagePool.pageSize { pages.append(pool.take()) }
      let room = PagePool.pageSize - pages[pages.count - 1].count
      let end = min(bytes.count, start + room)
      pages[pages.count - 1] += bytes[start..<end]
      start = end
    }
    count += bytes.count
  }

  mutating func giveBack(to pool: inout PagePool) {
    while let page = pages.popLast() { pool.giveBack(page) }
    count = 0
  }
}
