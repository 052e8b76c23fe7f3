import Mesh
import Node
import Testing
import Wire

/// What a person is told about being reached.
@Suite(.timeLimit(.minutes(30)))
struct DoctorTests {
  private static let home = Endpoint(ipv4: 0xC0A8_0102, port: 4_000)
  private static let outside = Endpoint(ipv4: 0xCB00_7101, port: 4_000)
  private static let tunnel = Endpoint(ipv4: 0x7F00_0001, port: 40_001)

  private static func examination(
    _ ipv4: Translation, found: Bool = false, peers: [Endpoint] = [outside],
    addresses: [Endpoint] = [outside, home]
  ) -> Examination {
    var examination = Examination()
    examination.port = 4_000
    examination.reachability.ipv4 = ipv4
    examination.reachability.isFound = found
    examination.peers = peers
    examination.addresses = addresses
    return examination
  }

  @Test(arguments: [
    (Translation.unknown, false, DoctorReport.State.unknown), (.none, false, .fair),
    (.independent, false, .fair), (.dependent, false, .poor), (.dependent, true, .good),
    (.none, true, .good),
  ])
  func theRouterIsNamedForWhatItIs(
    kind: Translation, found: Bool, state: DoctorReport.State
  ) throws {
    let finding = try #require(Self.examination(kind, found: found).report["router"])
    #expect(finding.state == state)
    if state == .poor { #expect(finding.advice?.contains("Forward UDP port 4000") == true) }
    if state == .good { #expect(finding.advice == nil) }
  }

  @Test func whatTheRouterAnsweredIsSaid() throws {
    var examination = Self.examination(.independent)
    let before = try #require(examination.report["router"])
    #expect(before.advice?.contains("--forward") == true)
    examination.forwarding = .failed("The router does not want to.")
    let refused = try #require(examination.report["router"])
    #expect(refused.advice?.hasPrefix("The router does not want to. Forward UDP port 4000") == true)
    #expect(refused.advice?.contains("--forward") == false)
    examination.forwarding = .open(Self.outside)
    let done = try #require(examination.report["router"])
    #expect(done.state == .good)
    #expect(done.says.contains(Self.outside.text))
  }

  @Test func linksThroughTunnelsAloneMeanThatUDPIsBlocked() throws {
    let direct = Self.examination(.independent).report
    #expect(direct["udp"]?.state == .good)
    #expect(direct["families"]?.says.hasPrefix("1 link over IPv4, 0 links over IPv6") == true)
    let blocked = Self.examination(.unknown, peers: [Self.tunnel]).report
    #expect(blocked["udp"]?.state == .poor)
    let alone = Self.examination(.unknown, peers: []).report
    #expect(alone["udp"]?.state == .unknown)
    var local = Self.examination(.unknown, peers: [Self.tunnel])
    local.isOnLoopback = true
    #expect(local.report["udp"]?.state == .good)
  }

  @Test func anAddressOfTheOwnNetworkIsNoAddress() {
    #expect(Self.examination(.none).report["address"]?.state == .good)
    #expect(Self.examination(.none, addresses: [Self.home]).report["address"]?.state == .poor)
    #expect(Self.examination(.none, addresses: []).report["address"]?.state == .poor)
  }

  @Test func everyMatterThatCanBeMendedSaysHow() {
    var worst = Self.examination(.dependent, peers: [], addresses: [])
    worst.isClockKept = false
    for finding in worst.report.findings where finding.state == .poor || finding.state == .fair {
      #expect(finding.advice != nil, "\(finding.about)")
    }
    var best = Self.examination(.none, found: true)
    best.isPortFixed = true
    best.hasTunnel = true
    best.acquaintances = 2
    best.cables = ["eth0"]
    best.isClockKept = true
    best.cover = CoverStatus(slots: 80, bytesPerSecondOfLink: 19_040, linksMost: 29)
    best.covered = 1
    best.coveredBothWays = 1
    let states = best.report.findings.map(\.state)
    #expect(states.allSatisfy { $0 == .good })
    #expect(Set(best.report.findings.map(\.about)).count == best.report.findings.count)
  }

  @Test func coverIsPricedAndItsHolesAreNamed() {
    var examination = Self.examination(.none)
    let off = examination.report["cover"]
    #expect(off?.state == .fair)
    #expect(off?.advice?.contains("19040 bytes a second (153 kbit/s) each way over IPv6") == true)
    examination.cover = CoverStatus(slots: 80, bytesPerSecondOfLink: 19_040, linksMost: 29)
    #expect(examination.report["cover"]?.state == .poor)
    #expect(examination.report["cover"]?.advice?.contains("tunnels") == true)
    examination.covered = 1
    #expect(examination.report["cover"]?.state == .poor)
    #expect(examination.report["cover"]?.says.contains("19040 bytes a second in all") == true)
  }

  @Test func aLineTooThinForCoverIsToldWhatItTakes() {
    let cover = CoverSettings()
    #expect(cover.links(of: 169_000) == 0)
    #expect(cover.links(of: 170_000) == 1)
    #expect(cover.refusal(of: 100_000).contains("Say --uplink 170 or more"))
    #expect(cover.price(of: 5_000_000).hasPrefix("at most 29 links, 552160 bytes a second"))
  }

  @Test func aRunningNodeAnswersTheDoctor() async throws {
    let folder = try Folder()
    let (ann, ben) = (try Neighbour(31), try Neighbour(32))
    try await ann.begin(control: folder.file("ann"))
    try await ben.begin()
    await ann.host.perform(.connect(ben.contact))
    try await until { await ann.host.status().peers.count == 1 }
    let (report, status) = try await elsewhere {
      var control = try ControlConnection(path: folder.file("ann"))
      return (
        try control.ask(.doctor, for: DoctorReport.self),
        try control.ask(.status, for: StatusReport.self)
      )
    }
    // Everything is on this machine, which says nothing about the world.
    #expect(report["router"]?.state == .unknown)
    #expect(report.findings.count == 10)
    #expect(status.reach?.ipv4 == "unknown")
    #expect(status.reach?.found == false)
    await ann.end()
    await ben.end()
  }
}
