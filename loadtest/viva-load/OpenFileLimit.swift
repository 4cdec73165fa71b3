import ArgumentParser
import Glibc

/// Raises this process's limit on open files as far as it may go.
///
/// - Throws: when that is less than `needed`.
func raiseOpenFileLimit(for needed: Int) throws {
  let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  var limit = rlimit()
  getrlimit(resource, &limit)
  limit.rlim_cur = limit.rlim_max
  setrlimit(resource, &limit)
  guard limit.rlim_cur >= rlim_t(needed) else {
    throw ValidationError("\(needed) open files are needed and \(limit.rlim_max) allowed: raise the hard limit.")
  }
}
