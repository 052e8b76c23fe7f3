import Keys
import Node
import Wire

extension Texts {
  static var seeds: [[UInt8]] {
    let contact = Messages.contact
    let address = PeerAddress(
      node: contact.node, host: "seed.example.org", port: 4_000, token: contact.token)
    var numeric = address
    numeric.host = "2001:db8::7"
    let invite = Invite(
      room: Messages.room, secret: contact.token, expiry: 1_790_000_000_000,
      contacts: [contact])
    let list = SeedList(expires: 1_790_000_000_000, addresses: [address, numeric])
    var seeds: [[UInt8]] = [
      [0] + address.text.utf8, [0] + numeric.text.utf8, [1] + invite.text.utf8,
      [1] + "https://example.org/#".utf8 + invite.text.utf8.dropFirst(9),
      [2] + payload(invite), [3] + "AAECAwQFBgc=".utf8, [3] + "_-8A".utf8, [3] + "+/8=".utf8,
      [8] + list.text.utf8, [9] + list.text.utf8, [10] + "2028-02-29T23:59:59Z".utf8,
      [12] + "example.org/a-path.of_letters".utf8, [12] + "[2001:db8::7]:8443/b/c".utf8,
      [12] + "192.0.2.7:443,obfs4,cert=AbC;iat-mode=0".utf8, [13] + "obfs4,cert=AbC".utf8,
      [11] + "[2001:db8::7]:4000".utf8, [11] + "192.0.2.7:65535".utf8,
    ]
    if let signer = try? Samples.signer() {
      let signature = signer.sign([1, 2, 3], trustedComment: "timestamp:1")
      seeds += [
        [4] + signer.publicKey.text.utf8, [4] + signer.publicKey.line.utf8,
        [5] + unpacked(signer.publicKey.line), [6] + signature.text.utf8,
        [7]
          + signature.text.split(separator: "\n").enumerated()
          .filter { $0.offset % 2 == 1 }.flatMap { unpacked(String($0.element)) },
      ]
    }
    return seeds
  }

  private static func unpacked(_ line: String) -> [UInt8] {
    (try? Base64.standard.decode(line)) ?? []
  }

  private static func payload(_ invite: Invite) -> [UInt8] {
    let bytes = try? Base64.url.decode(letters: invite.text.utf8.dropFirst(9))
    return bytes?.dropLast(4) ?? []
  }
}
