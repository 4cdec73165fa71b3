import CUsrSCTP
import Glibc
import Runtime
import Synchronization

/// usrsctp, of which a process has one, with its timers and associations.
///
/// Belongs to the thread that made it: every call on it and on its associations is to be made there, and traps
/// elsewhere. When it is released (after its associations), another thread may make one.
public final class SCTPEndpoint {
  /// How often `handleTimers` is to be called while there are associations.
  public static let tick = Duration.milliseconds(10)

  /// The owning `pthread_t`; 0 is nobody.
  private static let owner = Atomic<UInt>(0)
  /// Reached only by the owning thread: by the calls here, which check that, and by usrsctp's callbacks, which run
  /// inside those calls (the one thread of usrsctp's own, its iterator, gets nothing to do here). Ownership passes from one thread to the next through
  /// `owner`, which orders their accesses.
  nonisolated(unsafe) private static var associations: [UInt: Registered] = [:]
  nonisolated(unsafe) private static var lastAddress: UInt = 0

  private struct Registered {
    unowned let association: SCTPAssociation
  }

  /// Addresses of those that have something to poll or to flush.
  private var touched: Set<UInt> = []
  private var timersHandledAt: Instant?
  /// An initializer that throws is followed by `deinit`.
  private var isOwner = false

  /// - Throws: `.alreadyOwned` when there is one already.
  public init() throws(SCTPError) {
    let free = Self.owner.compareExchange(
      expected: 0, desired: UInt(pthread_self()), ordering: .acquiringAndReleasing)
    guard free.exchanged else { throw .alreadyOwned }
    isOwner = true
    _ = Self.library
  }

  deinit {
    if isOwner { Self.owner.store(0, ordering: .releasing) }
  }

  public var count: Int {
    assertOwned()
    return Self.associations.count
  }

  /// Lets usrsctp's timers go on by what passed since the last call: retransmissions, delayed acknowledgements, the end
  /// of associations whose peer is silent.
  ///
  /// - Returns: The associations that have something to poll.
  public func handleTimers(now: Instant) -> [SCTPAssociation] {
    assertOwned()
    let elapsed = timersHandledAt.map { (now - $0).milliseconds } ?? 0
    // A fraction of a millisecond is not lost but counted the next time.
    timersHandledAt = timersHandledAt.map { $0 + .milliseconds(elapsed) } ?? now
    if elapsed > 0 { usrsctp_handle_timers(UInt32(clamping: elapsed)) }
    let active = touched.compactMap { Self.associations[$0]?.association }
    touched = []
    for association in active { association.settle() }
    return active
  }

  func assertOwned() {
    precondition(
      Self.owner.load(ordering: .relaxed) == UInt(pthread_self()), "usrsctp belongs to another thread")
  }

  // MARK: - Associations

  /// An address that was never used before.
  func register(_ association: SCTPAssociation) -> UInt {
    Self.lastAddress += 1
    let address = Self.lastAddress
    Self.associations[address] = Registered(association: association)
    usrsctp_register_address(UnsafeMutableRawPointer(bitPattern: address))
    return address
  }

  /// From here on usrsctp's packets and messages for `address` go nowhere.
  func forget(_ address: UInt) {
    Self.associations[address] = nil
    touched.remove(address)
  }

  /// After its socket is closed.
  func deregister(_ address: UInt) {
    forget(address)
    usrsctp_deregister_address(UnsafeMutableRawPointer(bitPattern: address))
  }

  func touch(_ address: UInt) { touched.insert(address) }

  // MARK: - usrsctp

  /// In a row, of one packet: for about 85 s, the later ones 5 s apart.
  private static let maximumRepeats: UInt32 = 20

  private static let library: Void = {
    viva_usrsctp_init { address, bytes, count, _, _ in
      guard let association = SCTPEndpoint.associations[UInt(bitPattern: address)]?.association else { return 0 }
      association.transmit(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    }
    // What data channels do not use.
    _ = usrsctp_sysctl_set_sctp_ecn_enable(0)
    _ = usrsctp_sysctl_set_sctp_asconf_enable(0)
    _ = usrsctp_sysctl_set_sctp_auto_asconf(0)
    _ = usrsctp_sysctl_set_sctp_auth_enable(0)
    _ = usrsctp_sysctl_set_sctp_nrsack_enable(0)
    _ = usrsctp_sysctl_set_sctp_pktdrop_enable(0)
    // No answers to packets of no association.
    _ = usrsctp_sysctl_set_sctp_blackhole(2)
    // Somebody waits for an answer: milliseconds instead of the seconds of RFC 9260, section 16.
    _ = usrsctp_sysctl_set_sctp_delayed_sack_time_default(20)
    _ = usrsctp_sysctl_set_sctp_rto_initial_default(500)
    _ = usrsctp_sysctl_set_sctp_rto_min_default(200)
    _ = usrsctp_sysctl_set_sctp_rto_max_default(5000)
    _ = usrsctp_sysctl_set_sctp_init_rto_max_default(2000)
    // ICE says whether there is a path. usrsctp would give up the only one after five repeats, and with it what is
    // still to be sent; so it goes on for as long as a call may be without a network.
    _ = usrsctp_sysctl_set_sctp_path_rtx_max_default(maximumRepeats)
    _ = usrsctp_sysctl_set_sctp_assoc_rtx_max_default(maximumRepeats)
  }()

  /// usrsctp's receive callback. `bytes` is the callback's to free.
  static let receive:
    @convention(c) (
      OpaquePointer?, sctp_sockstore, UnsafeMutableRawPointer?, Int, sctp_rcvinfo, Int32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, _, bytes, count, info, flags, address in
      guard let bytes else { return 1 }
      defer { free(bytes) }
      SCTPEndpoint.associations[UInt(bitPattern: address)]?.association.take(
        UnsafeRawBufferPointer(start: bytes, count: count), info, flags: flags)
      return 1
    }
}
