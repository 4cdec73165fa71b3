import Glibc

/// Raises the soft limit on open files to `wanted`, or to the hard limit if that is lower. Each connection
/// is an open file, and libwebsockets sizes its tables by this limit when it starts.
func raiseOpenFileLimit(to wanted: Int) {
  let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  var limit = rlimit()
  guard getrlimit(resource, &limit) == 0 else { return }
  let raised = min(limit.rlim_max, rlim_t(wanted))
  guard raised > limit.rlim_cur else { return }
  limit.rlim_cur = raised
  setrlimit(resource, &limit)
}
