import Testing
import Wire

struct TunnelAddressTests {
  static let pinText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
  static let pin = Bytes32(0..<32) ?? .zero

  static let texts = [
    "example.org/a", "a-b.example:8443/news/x_-.9", "192.0.2.7/p", "192.0.2.7:1/p",
    "[2001:db8::7]/p", "[::1]:65535/p", "[1::]/p", "[::]/p", "[1:2:3:4:5:6:7:8]/p",
    "[::ffff:192.0.2.7]:444/p", "example.org/a~\(pinText)", "[::1]:4443/a/b~\(pinText)",
    "192.0.2.7:8443,obfs4,cert=ab+/cd;iat-mode=0", "[::1]:9,snowflake", "example.org,a_b,k=",
  ]

  @Test(arguments: texts)
  func whatIsReadIsWrittenTheSame(text: String) {
    #expect(TunnelAddress(text: text)?.text == text)
  }

  @Test func partsAreRead() throws {
    let address = try #require(TunnelAddress(text: "Example.ORG:443/Some/Path~\(Self.pinText)"))
    #expect(address.host == "example.org")
    #expect(address.port == 443)
    #expect(address.path == "/Some/Path")
    #expect(address.pin == Self.pin)
    #expect(address.text == "example.org/Some/Path~\(Self.pinText)")
    #expect(address.isName)
  }

  @Test func addressesAreNoNames() throws {
    #expect(try !#require(TunnelAddress(text: "192.0.2.7/p")).isName)
    #expect(try !#require(TunnelAddress(text: "[2001:db8::7]/p")).isName)
  }

  @Test(arguments: [
    "", "/", "/p", "h", "h/", "h:/p", "h:0/p", "h:01/p", "h:65536/p", "h:+1/p", "h:443443/p",
    "::1/p", "1::2:443/p", "[]/p", "[h]/p", "[::1/p", "::1]/p", "[::1]x/p", "[1:2:3]/p",
    "[1::2::3]/p", "[:1:2:3:4:5:6:7]/p", "[12345::]/p", "[::192.0.2.256]/p", "[fe80::1%eth0]/p",
    "[1:2:3:4:5:6:7:8:9]/p", "192.0.2/p", "192.0.2.256/p", "192.0.02.1/p", "1234/p", "a..b/p",
    ".a/p", "a./p", "-a/p", "a-/p", "a_b/p", "a b/p", "hé/p", "h//p", "h/p/", "h/./p", "h/../p",
    "h/...", "h/p q", "h/p?q", "h/p#q", "h/%41", "h/p~", "h/p~AAEC", "h/p~\(pinText)A",
    "h/p~\(pinText)~\(pinText)", "h/p~\(pinText.dropLast())9", "https://h/p", "h/p\u{0}",
    "h/\u{301}", "h,", "h,4a", "h,a b", "h,a,", "h,a,b", "h,a,=b", "h,a,b=c;", "h,a,;b=c",
    "h,a,b=c&d",
    "h,a,b=c d", "h,a,b=c?", "h,a,b=c#", "h,a,b=c,d=e", "h,a\u{301}", ",a", "h:0,a", "h/a,b",
    "h,\(String(repeating: "a", count: 33))", "h,a,b=\(String(repeating: "a", count: 159))",
    "\(String(repeating: "a", count: 65))/p", "h/\(String(repeating: "a", count: 64))",
    String(repeating: "a/", count: 4_000),
  ])
  func whatIsNoAddressIsRefused(text: String) {
    #expect(TunnelAddress(text: text) == nil)
  }

  @Test func theLongestPartsAreTaken() throws {
    let label = String(repeating: "a", count: 31)
    let host = "\(label).\(label)x"
    let path = "/" + String(repeating: "b", count: 63)
    let address = try #require(
      TunnelAddress(host: host, port: 65_535, path: path, pin: Self.pin))
    #expect(host.utf8.count == 64)
    #expect(TunnelAddress(text: address.text) == address)
  }

  @Test(arguments: texts)
  func bytesAreReadBack(text: String) throws {
    let address = try #require(TunnelAddress(text: text))
    var writer = Writer()
    address.encode(into: &writer)
    var reader = Reader(writer.bytes.span)
    #expect(try TunnelAddress(from: &reader) == address)
    try reader.finish()
  }

  @Test func everyCutIsRefused() throws {
    var writer = Writer()
    try #require(TunnelAddress(text: "example.org/a~\(Self.pinText)")).encode(into: &writer)
    for count in 0..<writer.bytes.count {
      let cut = Array(writer.bytes[..<count])
      #expect(throws: WireError.short) {
        var reader = Reader(cut.span)
        _ = try TunnelAddress(from: &reader)
      }
    }
  }

  struct Garbled: Sendable {
    let bytes: [UInt8]
    let error: WireError
  }

  @Test(arguments: [
    Garbled(bytes: encoded(host: "A"), error: .text),
    Garbled(bytes: encoded(host: ""), error: .text),
    Garbled(bytes: encoded(host: "[::1]"), error: .text),
    Garbled(bytes: encoded(host: String(repeating: "a", count: 65)), error: .range),
    Garbled(bytes: encoded(port: 0), error: .text),
    Garbled(bytes: encoded(path: "p"), error: .text),
    Garbled(bytes: encoded(path: "/" + String(repeating: "p", count: 64)), error: .range),
    Garbled(bytes: encoded(flag: 3), error: .unknown),
    Garbled(bytes: encoded(flag: 2) + [0], error: .text),
    Garbled(bytes: [1, 0xFF, 1, 187, 2, 0x2F, 0x70, 0], error: .text),
  ])
  func garbledBytesAreRefused(_ sample: Garbled) {
    #expect(throws: sample.error) {
      var reader = Reader(sample.bytes.span)
      _ = try TunnelAddress(from: &reader)
    }
  }

  private static func encoded(
    host: String = "h", port: UInt16 = 443, path: String = "/p", flag: UInt8 = 0
  ) -> [UInt8] {
    var writer = Writer()
    writer.text(host, limit: 255)
    writer.u16(port)
    writer.text(path, limit: 255)
    writer.u8(flag)
    return writer.bytes
  }
}
