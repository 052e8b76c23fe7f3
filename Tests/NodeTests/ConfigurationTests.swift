import Logging
import Mesh
import Node
import Testing
import Wire

struct ConfigurationTests {
  static let places = Places(environment: ["HOME": "/nowhere"], isRoot: false)

  private func load(
    flags: Configuration.Layer = [:], environment: [String: String] = [:], file: String? = nil
  ) throws(Failure) -> Configuration {
    try Configuration(
      flags: flags, environment: environment, file: file, places: Self.places)
  }

  @Test func flagsBeatTheEnvironmentBeatsTheFileBeatsDefaults() throws {
    let folder = try Folder()
    let file = try folder.write(
      "port = 1\nuplink = 100\nrelay = false\n", to: "starling.toml")
    let settings = try load(
      flags: [.port: .number(3)], environment: ["STARLING_PORT": "2", "STARLING_UPLINK": "200"],
      file: file)
    #expect(settings.bind.port == 3)
    #expect(settings.uplink == 200)
    #expect(settings.relay == false)
    #expect(settings.log == .info)
    #expect(settings.sources[.port] == .flag)
    #expect(settings.sources[.uplink] == .environment)
    #expect(settings.sources[.relay] == .file(file))
    #expect(settings.sources[.log] == nil)
  }

  @Test func everySettingCanStandInTheFile() throws {
    let folder = try Folder()
    let file = try folder.write(everySetting, to: "starling.toml")
    let settings = try load(file: file)
    #expect(settings.name == "Ann")
    #expect(settings.bind.text == "127.0.0.1:4000")
    #expect(settings.peers.count == 1)
    #expect(settings.seeds == [folder.file("lists/a.txt")])
    #expect(settings.data == folder.file("data"))
    #expect(settings.control == "/run/c")
    #expect(settings.page == Endpoint(ipv4: 0x7F00_0001, port: 4_781))
    #expect(settings.pageDevices?.text == "192.168.1.5:8443")
    #expect(settings.pageNames == ["box.example"])
    #expect(settings.pageCertificate == folder.file("page.pem"))
    #expect(settings.pageCertificateKey == "/etc/page.pem")
    #expect(settings.tunnel?.text == "0.0.0.0:443")
    #expect(settings.tunnelCertificate == folder.file("cert.pem"))
    #expect(settings.tunnelKey == "/etc/key.pem")
    #expect(settings.tunnelSite == folder.file("site"))
    #expect(settings.tunnelAddress == "example.org")
    #expect(settings.transports == ["obfs4=/usr/bin/obfs4proxy"])
    #expect(settings.transportListen == "obfs4@0.0.0.0:8443")
    #expect(settings.transportAddress == "example.org:8443")
    #expect(settings.lan == ["eth0"])
    #expect(settings.proxy == "socks5://127.0.0.1:9050")
    #expect(settings.passphraseFile == folder.file("secret"))
    #expect(settings.capacity.uplink == 600_000)
    #expect(settings.forward)
    #expect(settings.cover)
    #expect(settings.strict)
    #expect(Set(settings.sources.keys) == Set(Setting.allCases))
  }

  @Test func thePageStaysOnThisMachine() throws {
    #expect(try load(flags: [:]).page?.isLoopback == true)
    #expect(try load(flags: [.page: .text("off")]).page == nil)
    for place in ["0.0.0.0:80", "192.168.1.2:80", "example.org:80", "127.0.0.1", "on", ""] {
      #expect(throws: Failure.self) { try load(flags: [.page: .text(place)]) }
    }
  }

  @Test func whatIsPrintedCanBeReadAgain() throws {
    let folder = try Folder()
    let before = try load(flags: [.name: .text("A \"quote\" \\ and\ttab"), .port: .number(7)])
    let file = try folder.write(before.text, to: "again.toml")
    let after = try load(file: file)
    #expect(after.name == before.name)
    #expect(after.bind == before.bind)
    #expect(after.data == before.data)
    #expect(after.control == before.control)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let toml: String
    /// What the sentence must name besides the file.
    let mentions: String
    var testDescription: String { toml }
  }

  static let mistakes: [Mistake] = [
    Mistake(toml: "prot = 4000", mentions: "\"prot\""),
    Mistake(toml: "port = 65536", mentions: "port"),
    Mistake(toml: "port = \"4000\"", mentions: "port"),
    Mistake(toml: "port = 1.5", mentions: "port"),
    Mistake(toml: "relay = \"yes\"", mentions: "relay"),
    Mistake(toml: "peers = [\"example.org:1\"]", mentions: "peers"),
    Mistake(toml: "peers = [1]", mentions: "peers"),
    Mistake(toml: "advertise = [\"example.org\"]", mentions: "advertise"),
    Mistake(toml: "bind = \"example.org\"", mentions: "bind"),
    Mistake(toml: "log = \"loud\"", mentions: "log"),
    Mistake(toml: "uplink = -1", mentions: "uplink"),
    Mistake(toml: "name = \"a name that is longer than thirty-two bytes\"", mentions: "name"),
    Mistake(toml: "port = ", mentions: "line 1"),
    Mistake(toml: "\nport = 1\nport = 2", mentions: "line 3"),
    Mistake(toml: "[relay]\nx = 1", mentions: "line 1"),
  ]

  @Test(arguments: mistakes)
  func aMistakeInTheFileNamesFileAndKey(_ mistake: Mistake) throws {
    let folder = try Folder()
    let file = try folder.write(mistake.toml, to: "starling.toml")
    let failure = #expect(throws: Failure.self) { try load(file: file) }
    #expect(failure?.kind == .setup)
    #expect(failure?.sentence.contains(file) == true)
    #expect(failure?.sentence.contains(mistake.mentions) == true)
  }

  @Test func aFileThatWasNamedMustExist() {
    let failure = #expect(throws: Failure.self) { try load(file: "/nowhere/starling.toml") }
    #expect(failure?.sentence.contains("/nowhere/starling.toml") == true)
  }

  @Test func aMistakeInTheEnvironmentNamesTheVariable() {
    let failure = #expect(throws: Failure.self) {
      try load(environment: ["STARLING_RELAY": "perhaps"])
    }
    #expect(failure?.sentence.contains("STARLING_RELAY") == true)
  }

  @Test func aFlagOutOfRangeIsWrongUsage() {
    let failure = #expect(throws: Failure.self) { try load(flags: [.port: .number(65_536)]) }
    #expect(failure?.kind == .usage)
    #expect(failure?.sentence.contains("--port") == true)
  }

  @Test func anUnknownVariableIsAWarning() throws {
    let settings = try load(environment: ["STARLING_PROT": "1", "STARLING_PASSPHRASE_FD": "3"])
    #expect(settings.warnings.count == 1)
    #expect(settings.warnings.first?.contains("STARLING_PROT") == true)
  }

  @Test func twoNodesOfOneUserHaveTwoControlSockets() {
    let places = Places(
      environment: ["HOME": "/home/ann", "XDG_RUNTIME_DIR": "/run/user/1"], isRoot: false)
    let usual = Configuration.controlPath(data: places.data, places: places)
    let other = Configuration.controlPath(data: "/home/ann/second", places: places)
    #expect(usual == "/run/user/1/starling.control")
    #expect(other == "/home/ann/second/control")
  }

  @Test func placesFollowTheBaseDirectorySpecification() {
    let ann = Places(
      environment: ["HOME": "/home/ann", "XDG_DATA_HOME": "relative"], isRoot: false)
    #expect(ann.data == "/home/ann/.local/share/starling")
    #expect(ann.settings == "/home/ann/.config/starling/starling.toml")
    let root = Places(environment: ["HOME": "/root"], isRoot: true)
    #expect(root.data == "/var/lib/starling")
    #expect(root.settings == "/etc/starling/starling.toml")
  }
}

private let everySetting = """
  name = "Ann"
  bind = "127.0.0.1"
  port = 4000
  advertise = ["example.org:4000"]
  peers = ["starling://AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8@example.org:1"]
  seeds = ["lists/a.txt"]
  seed-keys = ["RWQ"]
  uplink = 2000
  cap = 300
  relay = true
  forward = true
  cover = true
  strict = true
  log = "debug"
  data = "data"
  control = "/run/c"
  page = "127.0.0.1:4781"
  page-devices = "192.168.1.5:8443"
  page-names = ["Box.example"]
  page-certificate = "page.pem"
  page-certificate-key = "/etc/page.pem"
  tunnel = "0.0.0.0:443"
  tunnel-certificate = "cert.pem"
  tunnel-key = "/etc/key.pem"
  tunnel-site = "site"
  tunnel-address = "example.org"
  transports = ["obfs4=/usr/bin/obfs4proxy"]
  transport-listen = "obfs4@0.0.0.0:8443"
  transport-address = "example.org:8443"
  proxy = "socks5://127.0.0.1:9050"
  lan = ["eth0"]
  passphrase-file = "secret"
  unprotected = true
  """
