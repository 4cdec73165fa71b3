import Testing

@testable import VivaTesting

@Suite("Datagrams that the kernel has dropped")
struct UDPDropsTests {
  @Test("are counted for the machine, and for the sockets of a process")
  func counts() {
    let snmp = """
      Ip: Forwarding DefaultTTL
      Ip: 1 64
      Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
      Udp: 3832275 5883 12388 3859032 12388 7 0
      UdpLite: InDatagrams NoPorts
      UdpLite: 0 0
      """
    let errors = UDPDrops.errors(in: snmp)
    #expect(errors?.received == 12388 && errors?.sent == 7)
    #expect(UDPDrops.errors(in: "") == nil)
    let table = """
         sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
        12: 0100007F:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 5
        13: 0100007F:1F91 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 9
        garbage
      """
    #expect(UDPDrops.drops(of: ["4711"], in: table) == 5)
    #expect(UDPDrops.ofMachine() != nil)
    #expect(UDPDrops.ofProcess(-1) == nil)
  }
}
