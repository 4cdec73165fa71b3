import Glibc

/// How many files the process may have open, and how many of them may be clients.
///
/// Each connection is an open file. Without a share of its own for the server, clients that only connect would leave no
/// file for calls to workers, and libwebsockets would try in vain, a core's worth, to accept the next client.
struct OpenFileLimit {
  /// The process's soft limit.
  let total: Int

  /// Files that the server keeps for workers and for itself: a quarter, 4,096 at most.
  var reserved: Int { min(4096, total / 4) }
  var forClients: Int { total - reserved }

  /// Raises the process's soft limit to `wanted`, or to the hard limit if that is lower. libwebsockets sizes its tables
  /// by it when it starts.
  static func raise(to wanted: Int) -> OpenFileLimit {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return OpenFileLimit(total: wanted) }
    let raised = min(limit.rlim_max, rlim_t(wanted))
    if raised > limit.rlim_cur {
      limit.rlim_cur = raised
      setrlimit(resource, &limit)
    }
    return OpenFileLimit(total: Int(clamping: limit.rlim_cur))
  }
}
