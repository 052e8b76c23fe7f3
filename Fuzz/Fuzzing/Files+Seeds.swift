import Keys
import Mesh
import Node
import Wire

extension Files {
  static var seeds: [[UInt8]] {
    let contacts = Messages.written {
      $0.u8(1)
      $0.u8(2)
      Messages.contact.encode(into: &$0)
      Contact(node: NodeID(Bytes32.zero), endpoints: []).encode(into: &$0)
    }
    let lines = ["id", "status", "rooms", "stop"].map { "{\"request\":\"\($0)\"}" }
    let requests =
      lines + [
        "{\"request\":\"room.create\",\"title\":\"flock \\u00f6\",\"access\":\"open\"}",
        "{\"request\":\"join\",\"room\":\"00ff\",\"name\":\"guest\"}",
        "{\"request\":\"join\",\"link\":\"\(inviteText)\"}",
        "{\"request\":\"leave\",\"room\":null}",
        "{\"request\":\"invite\",\"lifetime\":3600}",
        "{\"request\":\"connect\",\"address\":\"\(addressText)\"}",
        "{\"request\":\"speak\",\"bitrate\":24000,\"duration\":40}",
        "{\"request\":\"block\",\"person\":\"1f2e\"}", "{\"request\":\"blocks\"}",
        "{\"request\":\"mod\",\"action\":\"remove\",\"person\":\"Ben\",\"immediate\":true}",
        "{\"request\":\"invite.make\",\"role\":\"speaker\",\"uses\":1}",
        "{\"request\":\"mod.policy\",\"policy\":[\"doorShut\"]}",
        "{\"request\":\"hand\",\"up\":false}", "{\"request\":\"stage.accept\"}",
        "{\"request\":\"react\",\"sign\":\"clap\"}", "{\"request\":\"stage.leave\"}",
        "{\"request\":\"mod\",\"action\":\"mute\",\"person\":\"1f\",\"seconds\":60}",
        "{\"request\":\"mod.close\"}", "{\"request\":\"invite.revoke\",\"invite\":\"0f\"}",
        "{\"request\":\"verify\",\"person\":\"Ben\"}", "{\"request\":\"events\"}",
        "{\"request\":\"compare\",\"person\":\"Ben\"}",
        "{\"request\":\"persona\",\"link\":\"\(inviteText)\"}",
        "{\"request\":\"listen\"}", "{\"request\":\"frames\",\"room\":\"flock\"}",
      ]
    let blocked = Messages.written {
      $0.u8(1)
      $0.u16(1)
      $0.bytes32(Messages.persona.raw)
    }
    return identities + [[8] + blocked, [9] + keepsakes, [10] + messages] + secretKeys + [
      [2] + [UInt8](repeating: 7, count: 60), [3] + contacts,
    ]
      + [settingsText, "relay = false\n# nothing\n[table]\na = 1979-05-27T07:32:00Z\n", letters]
      .map { [6] + $0.utf8 } + requests.map { [7] + $0.utf8 }
  }

  private static var keepsakes: [UInt8] {
    KeptOperations.plain([
      Keepsake(
        room: Messages.room, nonce: Messages.genesis.nonce, operations: [Messages.operation],
        expiry: 1_790_000_000_000),
      Keepsake(room: Messages.room, nonce: nil, operations: [], expiry: 1),
    ])
  }

  private static var messages: [UInt8] {
    let line = Array("{\"request\":\"mute\",\"on\":true}".utf8)
    return ControlMessage.header(.text, count: line.count) + line
      + ControlMessage.header(.sound, count: 3) + [1, 2, 3]
  }

  private static var addressText: String {
    PeerAddress(node: Messages.contact.node, host: "seed.example.org", port: 4_000).text
  }

  private static var inviteText: String {
    Invite(room: Messages.room, secret: nil, expiry: nil, contacts: [Messages.contact]).text
  }

  private static let letters = [
    #"name = "\u00e9\U0001F426\t\"""#, "log = 'info' # said twice\r", "cap = +1_000",
    "advertise = [ # none", "'a:1',", "]", "",
  ].joined(separator: "\n")

  private static var settingsText: String {
    """
    name = "guest"
    bind = "0.0.0.0"
    port = 4000
    advertise = ["example.org:4000"]
    peers = ["\(addressText)"]
    seeds = ["seeds.txt"]
    uplink = 5000
    relay = true
    log = "debug"
    data = "data"

    """
  }

  private static var identities: [[UInt8]] {
    var entropy = Entropy.seeded(5)
    guard var identity = try? Identity.make(&entropy) else { return [] }
    identity.settings = [1, 2, 3]
    var files: [[UInt8]] = [[1] + [UInt8](repeating: 9, count: 72)]
    if let open = try? IdentityFile.sealUnprotected(identity, entropy: &entropy) {
      files.append([0] + open)
    }
    let word: [UInt8] = [0x70, 0x77]
    if let closed = try? IdentityFile.seal(
      identity, passphrase: word.span, cost: .minimal, entropy: &entropy)
    {
      files.append([0] + closed)
    }
    return files
  }

  private static var secretKeys: [[UInt8]] {
    guard let signer = try? Samples.signer() else { return [] }
    let file = signer.secretKeyFile()
    let letters = file.split(separator: UInt8(ascii: "\n")).last ?? []
    return [[4] + file, [5] + ((try? Base64.standard.decode(letters: letters)) ?? [])]
  }
}
