import Keys
import Node
import Wire

/// What people type, paste or publish: one text has one meaning, and what is read is written back.
enum Texts {
  static func run(_ tape: inout Tape) throws(Finding) {
    let kind = tape.byte()
    let bytes = tape.rest()
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case 0: try address(text)
    case 1: try invite(text)
    case 2: try invite(payload: bytes)
    case 3: try base64(bytes)
    case 4: try minisignKey(text)
    case 5: try minisignKey(packed(bytes, behind: "untrusted comment: fuzz\n"))
    case 6: try minisignSignature(text)
    case 7: try minisignSignature(signatureText(bytes))
    case 8: try seedList(text)
    case 9: try signedSeedList(bytes)
    case 10: try date(text)
    case 11: place(text)
    case 12: try tunnel(text)
    case 13: try transport(text)
    default: break
    }
  }

  private static func address(_ text: String) throws(Finding) {
    guard let address = try? PeerAddress(text: text) else { return }
    try Finding.unless(isSame(address.text, text), "an address is not written as it was read")
  }

  private static func invite(_ text: String) throws(Finding) {
    guard let invite = try? Invite(text: text) else { return }
    let again = invite.text
    try Finding.unless(
      text.hasPrefix("https://") || isSame(again, text), "an invite is not written as it was read")
    try Finding.unless(
      (try? Invite(text: again)) == invite, "an invite is not read as it was written")
  }

  /// The check is made right, which no fuzzer would guess.
  private static func invite(payload: [UInt8]) throws(Finding) {
    var writer = Writer()
    writer.raw(payload)
    writer.u32(Checksum.crc32(payload))
    let letters = Base64.url.encode(writer.bytes)
    try invite("starling:" + letters)
    try invite("https://example.org/join#" + letters)
  }

  private static func base64(_ bytes: [UInt8]) throws(Finding) {
    let text = String(decoding: bytes, as: UTF8.self)
    for form in [Base64.standard, .url] {
      if let decoded = try? form.decode(text) {
        try Finding.unless(
          isSame(form.encode(decoded), text), "base64 is not written as it was read")
      }
      try Finding.unless((try? form.decode(form.encode(bytes))) == bytes, "base64 loses bytes")
    }
  }

  private static func minisignKey(_ text: String) throws(Finding) {
    guard let key = try? MinisignKey(text: text) else { return }
    try Finding.unless(
      (try? MinisignKey(text: key.text)) == key, "a key is not read as it was written")
    try Finding.unless((try? MinisignKey(text: key.line)) == key, "a key's line is not read")
  }

  private static func minisignSignature(_ text: String) throws(Finding) {
    guard let signature = try? MinisignSignature(text: text) else { return }
    let again = signature.text
    try Finding.unless(
      (try? MinisignSignature(text: again)) == signature, "a signature is not read as written")
    guard let key = try? Samples.signer().publicKey else { return }
    try Finding.unless(!signature.verify([9], by: key), "a signature nobody made is believed")
    // The one that the seeds hold, with its own comment.
    try Finding.unless(
      !signature.verify([1, 2, 3], by: key) || isSame(signature.trustedComment, "timestamp:1"),
      "a signature is believed with a comment that was changed")
  }

  private static func seedList(_ text: String) throws(Finding) {
    guard let list = try? SeedList(text: text) else { return }
    try Finding.unless(
      (try? SeedList(text: list.text)) == list, "a seed list is not read as written")
  }

  /// A list that somebody trusted signed, whatever it says.
  private static func signedSeedList(_ bytes: [UInt8]) throws(Finding) {
    guard let signer = try? Samples.signer() else { return }
    let signature = signer.sign(bytes, trustedComment: "fuzz").text
    let list = try? SeedList.open(
      text: bytes, signature: signature, keys: [signer.publicKey], now: 0)
    guard let list else { return }
    try Finding.unless(
      list.text.utf8.count <= 300 * 400, "a seed list is longer than its limits allow")
    let forged = try? SeedList.open(
      text: bytes + [10], signature: signature, keys: [signer.publicKey], now: 0)
    try Finding.unless(forged == nil, "a changed seed list is believed")
  }

  private static func date(_ text: String) throws(Finding) {
    if let moment = UTC.milliseconds(text) {
      try Finding.unless(isSame(UTC.text(moment), text), "a date is not written as it was read")
    }
    let number = text.utf8.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let written = UTC.text(number)
    try Finding.unless(UTC.milliseconds(written) != nil, "a date that was written is not read")
  }

  private static func place(_ text: String) {
    if let (host, port) = try? PeerAddress.hostAndPort(Substring(text).utf8) {
      _ = Endpoint(host: host, port: port)?.text
    }
    _ = Endpoint(host: text, port: 1)?.text
  }

  private static func tunnel(_ text: String) throws(Finding) {
    guard let address = TunnelAddress(text: text) else { return }
    try Finding.unless(
      TunnelAddress(text: address.text) == address, "a tunnel is not read as it was written")
    let bytes = Messages.written { address.encode(into: &$0) }
    var reader = Reader(bytes.span)
    try Finding.unless(
      (try? TunnelAddress(from: &reader)) == address, "a tunnel is not read as it was encoded")
  }

  private static func transport(_ text: String) throws(Finding) {
    guard let call = TransportCall(text: text) else { return }
    try Finding.unless(isSame(call.text, text), "a transport is not written as it was read")
  }

  private static func packed(_ bytes: [UInt8], behind title: String) -> String {
    title + Base64.standard.encode(bytes)
  }

  private static func signatureText(_ bytes: [UInt8]) -> String {
    packed(Array(bytes.prefix(74)), behind: "untrusted comment: a\n")
      + packed(Array(bytes.dropFirst(74)), behind: "\ntrusted comment: b\n")
  }

  /// `==` on strings takes different bytes for the same.
  private static func isSame(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }
}

/// Keys that are the same in every run.
enum Samples {
  static func signer() throws(KeysError) -> MinisignPair {
    var entropy = Entropy.seeded(11)
    return try MinisignPair(random: &entropy)
  }
}
