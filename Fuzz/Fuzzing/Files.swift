import Keys
import Node
import Wire

/// Files and control requests on this machine: damaged, foreign or made to harm.
enum Files {
  static func run(_ tape: inout Tape) throws(Finding) {
    let kind = tape.byte()
    let bytes = tape.rest()
    switch kind {
    case 0: identity(bytes)
    case 1: try sealedIdentity(bytes)
    case 2: peers(bytes)
    case 3: try sealedPeers(bytes)
    case 4: try secretKey(bytes)
    case 5: try secretKey(Array(title.utf8) + Base64.standard.letters(of: bytes))
    case 6: try settings(bytes)
    case 7: try request(bytes)
    case 8: try blocked(bytes)
    case 9: try keepsakes(bytes)
    case 10: try messages(bytes)
    default: break
    }
  }

  private static let title = "untrusted comment: minisign encrypted secret key\n"

  private static func key() -> Secret? {
    try? Secret(Bytes32(high: .zero, low: Bytes16(high: 1, low: 2)))
  }

  private static func identity(_ bytes: [UInt8]) {
    _ = IdentityFile.protection(of: bytes)
    _ = (try? IdentityFile.openUnprotected(bytes)) != nil
    if let key = key() { _ = (try? IdentityFile.open(bytes, credential: key)) != nil }
    // Honest files may ask for a gigabyte and seconds; a fuzzer has neither.
    guard bytes.count > 14 else { return }
    let passes = bytes[6..<10].reduce(0) { $0 << 8 | Int($1) }
    let kibibytes = bytes[10..<14].reduce(0) { $0 << 8 | Int($1) }
    guard !(2...10).contains(passes) && !(65...1_048_576).contains(kibibytes) else { return }
    _ = (try? IdentityFile.open(bytes, passphrase: [0x70, 0x77].span)) != nil
  }

  /// Any plain text under a proper seal: header as the input has it but for what must be right.
  private static func sealedIdentity(_ bytes: [UInt8]) throws(Finding) {
    let salt = [UInt8](repeating: 3, count: 16)
    let header = Array("VRID1".utf8) + [3] + [UInt8](repeating: 0, count: 8) + salt
    let nonce = Nonce24(high: .zero, low: 0)
    let associated = header + nonce.array
    let key = Digest.hash32("VR1-unprotected", salt)
    let file = associated + Box.seal(key: key, nonce: nonce, associated: associated, bytes)
    let isOpened: Bool
    do throws(KeysError) {
      let identity = try IdentityFile.openUnprotected(file)
      isOpened = identity.settings == Array(bytes.dropFirst(68))
    } catch {
      isOpened = false
    }
    try Finding.unless(isOpened == (bytes.count >= 68), "an identity is not opened as sealed")
  }

  private static func peers(_ bytes: [UInt8]) {
    guard let key = key() else { return }
    _ = RememberedPeers.read(sealed: bytes, key: key)
  }

  private static func sealedPeers(_ bytes: [UInt8]) throws(Finding) {
    guard var peers = RememberedPeers.read(bytes) else { return }
    for contact in peers.contacts { peers.remember(contact) }
    peers.keepCompany(peers.companions)
    let fits = peers.contacts.count <= 64 && peers.companions.count <= 4
    try Finding.unless(fits, "more peers are remembered than fit")
  }

  private static func blocked(_ bytes: [UInt8]) throws(Finding) {
    guard let people = try? BlockList.people(in: bytes) else { return }
    try Finding.unless(people.count <= BlockList.most, "more people are blocked than can be")
  }

  private static func keepsakes(_ bytes: [UInt8]) throws(Finding) {
    guard let kept = try? KeptOperations.keepsakes(in: bytes) else { return }
    try Finding.unless(
      KeptOperations.plain(kept) == bytes, "kept operations are not written as they were read")
  }

  /// A connection that carries messages: what is taken is what was there, in its order.
  private static func messages(_ bytes: [UInt8]) throws(Finding) {
    var (left, again) = (bytes, [UInt8]())
    while true {
      switch ControlMessage.take(from: &left) {
      case .none, .broken:
        return try Finding.unless(again + left == bytes, "messages are not taken as they came")
      case .text(let body):
        again += ControlMessage.header(.text, count: body.count) + body
        try request(body)
      case .sound(let body): again += ControlMessage.header(.sound, count: body.count) + body
      }
    }
  }

  private static func secretKey(_ file: [UInt8]) throws(Finding) {
    let again: [UInt8]
    do throws(KeysError) {
      let pair = try MinisignPair(secretKeyFile: file)
      again = pair.secretKeyFile()
    } catch {
      return
    }
    try Finding.unless(
      (try? MinisignPair(secretKeyFile: again)) != nil, "a secret key is not read as written")
  }

  private static func settings(_ bytes: [UInt8]) throws(Finding) {
    guard let text = String(validating: bytes, as: UTF8.self),
      let configuration = configuration(text)
    else { return }
    _ = configuration.capacity
    try Finding.unless(
      self.configuration(configuration.text).map(values) == values(configuration),
      "settings are not read as they were written")
  }

  /// Line by line, without where each came from: the last comment of the line.
  private static func values(_ configuration: Configuration) -> [[UInt8]] {
    configuration.text.utf8.split(separator: UInt8(ascii: "\n")).map { line in
      let end = line.lastIndex(of: UInt8(ascii: "#")) ?? line.endIndex
      return Array(line[..<end])
    }
  }

  private static func configuration(_ text: String) -> Configuration? {
    guard let layer = try? SettingsFile.parse(text, path: "/etc/starling.toml") else { return nil }
    let places = Places(environment: ["HOME": "/nonexistent"], isRoot: false)
    return try? Configuration(flags: layer, environment: [:], file: nil, places: places)
  }

  private static func request(_ line: [UInt8]) throws(Finding) {
    guard let request = try? ControlRequest(line: line) else { return }
    let again = try? ControlRequest(line: request.line.dropLast())
    try Finding.unless(again == request, "a request is not read as it was written")
  }
}
