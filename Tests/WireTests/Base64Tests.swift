import Testing
import Wire

@Suite struct Base64Tests {
  @Test func theExamplesOfRFC4648Hold() throws {
    let examples = [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]
    for (plain, text) in examples {
      #expect(Base64.standard.encode(Array(plain.utf8)) == text)
      #expect(try Base64.standard.decode(text) == Array(plain.utf8))
      let short = String(text.prefix { $0 != "=" })
      #expect(Base64.url.encode(Array(plain.utf8)) == short)
      #expect(try Base64.url.decode(short) == Array(plain.utf8))
    }
  }

  @Test func theAlphabetsDifferInTwoLetters() throws {
    let bytes: [UInt8] = [0xFB, 0xFF, 0xBF]
    #expect(Base64.standard.encode(bytes) == "+/+/")
    #expect(Base64.url.encode(bytes) == "-_-_")
    #expect(throws: WireError.text) { try Base64.url.decode("+/+/") }
    #expect(throws: WireError.text) { try Base64.standard.decode("-_-_") }
  }

  @Test func everyByteStringComesBack() throws {
    for count in 0..<100 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) }
      #expect(try Base64.standard.decode(Base64.standard.encode(bytes)) == bytes)
      #expect(try Base64.url.decode(Base64.url.encode(bytes)) == bytes)
    }
  }

  @Test(arguments: [
    "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "=Zm9", "Zé==",
  ])
  func anythingElseIsRefused(_ text: String) {
    #expect(throws: WireError.text) { try Base64.standard.decode(text) }
  }

  @Test(arguments: ["Z", "Zg==", "Zh", "Zm9v=", "Zm9v "])
  func anythingElseIsRefusedInLinks(_ text: String) {
    #expect(throws: WireError.text) { try Base64.url.decode(text) }
  }
}
