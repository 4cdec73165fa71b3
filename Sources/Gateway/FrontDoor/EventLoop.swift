import Glibc

/// A libev loop that is ours and not libwebsockets' own. Its own would watch SIGINT, which libev allows to
/// one loop in a process (it aborts at the second) and for which it replaces the process's handler.
///
/// libwebsockets loads its libev plug-in at run time; so is the library here.
final class EventLoop {
  private typealias New = @convention(c) (CUnsignedInt) -> UnsafeMutableRawPointer?
  private typealias Break = @convention(c) (UnsafeMutableRawPointer, CInt) -> Void
  private typealias Destroy = @convention(c) (UnsafeMutableRawPointer) -> Void

  let pointer: UnsafeMutableRawPointer
  private let breakLoop: Break
  private let destroy: Destroy

  init() throws {
    let library = dlopen("libev.so.4", RTLD_NOW)
    guard let new = dlsym(library, "ev_loop_new"), let breakLoop = dlsym(library, "ev_break"),
      let destroy = dlsym(library, "ev_loop_destroy"),
      let pointer = unsafeBitCast(new, to: New.self)(0)
    else { throw FrontDoorError(description: "libev.so.4 is missing: install libwebsockets-evlib-ev") }
    self.pointer = pointer
    self.breakLoop = unsafeBitCast(breakLoop, to: Break.self)
    self.destroy = unsafeBitCast(destroy, to: Destroy.self)
  }

  deinit { destroy(pointer) }

  /// Lets the running loop return when it has served the events at hand. From inside it only.
  func stop() { breakLoop(pointer, 2 /* EVBREAK_ALL */) }
}
