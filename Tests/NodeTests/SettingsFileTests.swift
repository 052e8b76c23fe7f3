import Node
import Testing

/// The part of TOML that settings files may use, and what is said about the rest.
@Suite struct SettingsFileTests {
  private func read(_ text: String) throws(Failure) -> Configuration.Layer {
    try SettingsFile.parse(text, path: "/etc/s.toml")
  }

  private func complaint(_ text: String) -> String? {
    do throws(Failure) {
      _ = try read(text)
      return nil
    } catch {
      return error.sentence
    }
  }

  @Test func everyFormOfValueIsRead() throws {
    let layer = try read(
      """
      # A node behind a forwarded port.
      name = "caf\\u00e9 \\"\\U0001F426\\""  # as others see it
      log = 'in\\fo'
      port=4000
      uplink = +1_000
      relay = false
      advertise = [ # where others find it
        "example.org:4000",
        'b:1',
      ]
      peers = []
      data = "data"
      """)
    #expect(
      layer == [
        .name: .text("café \"🐦\""), .log: .text("in\\fo"), .port: .number(4_000),
        .uplink: .number(1_000), .relay: .flag(false),
        .advertise: .list(["example.org:4000", "b:1"]), .peers: .list([]),
        .data: .text("/etc/data"),
      ])
  }

  @Test func lineEndsOfOtherSystemsAndAByteOrderMarkAreRead() throws {
    #expect(
      try read("\u{FEFF}cap = 7\r\n\r\nrelay = true") == [.cap: .number(7), .relay: .flag(true)])
    #expect(try read("").isEmpty)
    #expect(try read(" \t# nothing").isEmpty)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    let said: String
    var testDescription: String { text }
  }

  static let mistakes: [Mistake] = [
    Mistake(text: "[)a]", said: "line 1: settings stand in no table."),
    Mistake(text: "\n[[a]]", said: "line 2: settings stand in no table."),
    Mistake(text: "peers = [}", said: "line 1: something in the list peers is no text in quotes."),
    Mistake(
      text: "peers = [\n[", said: "line 2: something in the list peers is no text in quotes."),
    Mistake(
      text: "peers = ['a' 'b']", said: "line 1: \",\" or \"]\" is missing in the list peers."),
    Mistake(text: "peers = ['a',\n", said: "line 2: the list has no end."),
    Mistake(text: "name = 'a\n'", said: "line 1: the text has no end in its line."),
    Mistake(text: "name = \"a\\", said: "line 1: the text has no end in its line."),
    Mistake(
      text: "name = \"\"\"a\"\"\"", said: "line 1: texts of several lines are not read here."),
    Mistake(text: "name = 'a' 'b'", said: "line 1: something stands behind the value of name."),
    Mistake(text: "name 'a'", said: "line 1: \"=\" is expected behind name."),
    Mistake(
      text: "a.b = 1", said: "line 1: \"=\" is expected behind a."),
    Mistake(text: "= 1", said: "line 1: a name of letters, digits, - and _ is expected."),
    Mistake(text: "cap = 1\ncap = 2", said: "line 2: cap is set twice."),
    Mistake(text: "cap = 1\rport = 2", said: "line 1: a control character."),
  ]

  @Test(arguments: mistakes)
  func aMistakeIsNamedWithItsLine(_ mistake: Mistake) {
    #expect(complaint(mistake.text) == "/etc/s.toml, \(mistake.said)")
  }

  @Test(arguments: [
    "01", "1__0", "_1", "1_", "+", "-", "1.5", "0x10", "99999999999999999999", "yes", "1979-05-27",
    "",
  ])
  func whatIsNoWholeNumberIsRefused(_ word: String) {
    let said = complaint("cap = \(word)") ?? ""
    #expect(said.contains("cap is no text") || said.contains("behind the value of cap"))
  }

  @Test func valuesOfTheWrongFormAndUnknownNamesAreRefused() {
    #expect(complaint("cap = '1'")?.contains("key cap: expected a number") == true)
    #expect(complaint("port = 65536")?.contains("key port: expected a number") == true)
    #expect(complaint("relay = 1")?.contains("key relay: expected true or false") == true)
    #expect(complaint("volume = 1")?.contains("no setting named \"volume\"") == true)
    #expect(complaint("name = \"\\ud800\"") != nil)
    #expect(complaint("name = \"\\x41\"") != nil)
  }
}
