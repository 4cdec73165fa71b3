import Glibc

/// What a system call failed with.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// An errno.
  public var code: Int32

  public init(code: Int32) {
    self.code = code
  }

  public var description: String { String(cString: strerror(code)) }

  /// - Parameter result: of a function of CLinux: -errno for a failure.
  @discardableResult
  static func check(_ result: Int32) throws(SystemError) -> Int32 {
    guard result >= 0 else { throw SystemError(code: -result) }
    return result
  }
}
