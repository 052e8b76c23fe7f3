import Testing
import Wire

struct PeerAddressTests {
  static let key = Bytes32(0..<32) ?? .zero
  static let keyText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
  static let tokenText = "8PHy8_T19vf4-fr7_P3-_w"

  @Test(arguments: [
    "starling://\(keyText)@example.org:4000",
    "starling://\(keyText)@192.0.2.7:1",
    "starling://\(keyText)@[2001:db8::7]:65535",
    "starling://\(keyText)@[::ffff:192.0.2.7]:4000?token=\(tokenText)",
    "starling://\(keyText)@home_box.local:4000?token=\(tokenText)",
  ])
  func whatIsReadIsWrittenTheSame(text: String) throws {
    #expect(try PeerAddress(text: text).text == text)
  }

  @Test func partsAreRead() throws {
    let address = try PeerAddress(
      text: "starling://\(Self.keyText)@[2001:db8::7]:4000?token=\(Self.tokenText)")
    #expect(address.node == NodeID(Self.key))
    #expect(address.host == "2001:db8::7")
    #expect(address.port == 4000)
    #expect(address.token == Bytes16(240...255))
  }

  struct Malformed: Sendable, CustomTestStringConvertible {
    let text: String
    let error: WireError
    var testDescription: String { "\(error): \(text)" }
  }

  static let malformed: [Malformed] = [
    Malformed(text: "", error: .text),
    Malformed(text: "starling:\(keyText)@h:1", error: .text),
    Malformed(text: "http://\(keyText)@h:1", error: .text),
    Malformed(text: "starling://\(keyText)", error: .text),
    Malformed(text: "starling://\(keyText)@h", error: .text),
    Malformed(text: "starling://\(keyText)@:1", error: .text),
    Malformed(text: "starling://\(keyText)@h:", error: .text),
    Malformed(text: "starling://\(keyText)@h:0", error: .range),
    Malformed(text: "starling://\(keyText)@h:01", error: .range),
    Malformed(text: "starling://\(keyText)@h:65536", error: .range),
    Malformed(text: "starling://\(keyText)@h:+1", error: .text),
    Malformed(text: "starling://\(keyText)@h:1/", error: .text),
    Malformed(text: "starling://\(keyText)@-h:1", error: .text),
    Malformed(text: "starling://\(keyText)@a..b:1", error: .text),
    Malformed(text: "starling://\(keyText)@a b:1", error: .text),
    Malformed(text: "starling://\(keyText)@2001:db8::7:1", error: .text),
    Malformed(text: "starling://\(keyText)@[]:1", error: .text),
    Malformed(text: "starling://\(keyText)@[host]:1", error: .text),
    Malformed(text: "starling://\(keyText)@[fe80::1%eth0]:1", error: .text),
    Malformed(text: "starling://\(keyText)=@h:1", error: .text),
    Malformed(text: "starling://\(keyText.dropLast(2))@h:1", error: .text),
    Malformed(text: "starling://AAEC@h:1", error: .short),
    Malformed(text: "starling://\(keyText.dropLast())9@h:1", error: .text),
    Malformed(text: "starling://\(keyText)@h:1?", error: .text),
    Malformed(text: "starling://\(keyText)@h:1?tok=\(tokenText)", error: .text),
    Malformed(text: "starling://\(keyText)@h:1?token=", error: .short),
    Malformed(text: "starling://\(keyText)@h:1?token=AAEC", error: .short),
    Malformed(text: "starling://\(keyText)@h:1?token=\(tokenText)&x=1", error: .text),
    Malformed(text: "starling://\(keyText)@\(String(repeating: "a", count: 600)):1", error: .range),
  ]

  @Test(arguments: malformed)
  func malformedTextIsRefused(_ sample: Malformed) {
    #expect(throws: sample.error) { try PeerAddress(text: sample.text) }
  }
}
