import Foundation
import Testing
import Wire

@testable import Keys

/// The ordinary tool, where it is installed.
private enum Tool {
  static let path = ["/usr/bin/minisign", "/usr/local/bin/minisign", "/opt/homebrew/bin/minisign"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  static func run(_ arguments: [String], in folder: URL) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: try #require(path))
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}

extension Trait where Self == ConditionTrait {
  fileprivate static var needsMinisign: Self {
    .enabled(if: Tool.path != nil, "minisign is not installed")
  }
}

@Suite struct MinisignTests {
  private static let content = Array("starling 1.0\n".utf8)

  @Test func whatIsSignedVerifiesAndNothingElse() throws {
    var entropy = Entropy.seeded(1)
    let pair = try MinisignPair(random: &entropy)
    let key = pair.publicKey
    let signature = pair.sign(MinisignTests.content, trustedComment: "file:starling")
    #expect(signature.verify(MinisignTests.content, by: key))
    #expect(!signature.verify(MinisignTests.content + [0], by: key))
    let hash = try #require(Bytes64(Digest.blake2b(MinisignTests.content, count: 64)))
    #expect(signature.verify(hash: hash, by: key))

    let read = try MinisignSignature(text: signature.text)
    #expect(read == signature)
    #expect(read.trustedComment == "file:starling")
    let readKey = try MinisignKey(text: key.text)
    let readLine = try MinisignKey(text: key.line)
    #expect(readKey == key && readLine == key)

    let stranger = try MinisignPair(random: &entropy).publicKey
    #expect(!signature.verify(MinisignTests.content, by: stranger))
    let sameID = MinisignKey(keyID: key.keyID, key: stranger.key)
    #expect(!signature.verify(MinisignTests.content, by: sameID))
  }

  @Test func theTrustedCommentIsSignedTheOtherIsNot() throws {
    var entropy = Entropy.seeded(2)
    let pair = try MinisignPair(random: &entropy)
    let key = pair.publicKey
    let text = pair.sign(MinisignTests.content, trustedComment: "version 1").text
    let other = try MinisignSignature(
      text: text.replacingOccurrences(of: "version 1", with: "version 2"))
    #expect(!other.verify(MinisignTests.content, by: key))
    let harmless = try MinisignSignature(
      text: text.replacingOccurrences(of: "signature from", with: "greetings from"))
    #expect(harmless.verify(MinisignTests.content, by: key))
  }

  @Test func everyChangedLetterOfASignatureIsRefused() throws {
    var entropy = Entropy.seeded(3)
    let pair = try MinisignPair(random: &entropy)
    let key = pair.publicKey
    let text = pair.sign(MinisignTests.content, trustedComment: "t").text
    let lines = text.split(separator: "\n").map(String.init)
    for line in [1, 2, 3] {
      for place in lines[line].indices {
        var changed = lines
        changed[line].replaceSubrange(
          place...place, with: lines[line][place] == "A" ? "B" : "A")
        let signature = try? MinisignSignature(text: changed.joined(separator: "\n"))
        #expect(signature?.verify(MinisignTests.content, by: key) != true)
      }
    }
  }

  @Test func whatIsNoSignatureOrKeyIsRefused() throws {
    for text in ["", "\n\n\n", "untrusted comment: x\nAAAA\ntrusted comment: y\nAAAA\n", "RWQ"] {
      #expect(throws: KeysError.malformed) { try MinisignSignature(text: text) }
      #expect(throws: KeysError.malformed) { try MinisignKey(text: text) }
      #expect(refusal { _ = try MinisignPair(secretKeyFile: Array(text.utf8)) } == .malformed)
    }
  }

  @Test func lineBreaksInCommentsCannotForgeLines() throws {
    var entropy = Entropy.seeded(4)
    let pair = try MinisignPair(random: &entropy)
    let signature = pair.sign(MinisignTests.content, trustedComment: "a\nb\r\nc")
    let read = try MinisignSignature(text: signature.text)
    #expect(read.trustedComment == "a b c")
    #expect(read.verify(MinisignTests.content, by: pair.publicKey))
  }

  @Test func aSecretKeyFileComesBackAndDamageShows() throws {
    var entropy = Entropy.seeded(5)
    let pair = try MinisignPair(random: &entropy)
    let file = pair.secretKeyFile()
    let read = try MinisignPair(secretKeyFile: file)
    let keys = (read.publicKey, pair.publicKey)
    #expect(keys.0 == keys.1)

    let start = try #require(file.firstIndex(of: UInt8(ascii: "\n"))) + 1
    for index in start..<file.count - 1 {
      var damaged = file
      damaged[index] = damaged[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(refusal { _ = try MinisignPair(secretKeyFile: damaged) } == .malformed)
    }
  }

  @Test(.needsMinisign) func theToolReadsOursAndWeReadTheTools() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func file(_ name: String) -> URL { folder.appending(path: name) }
    func text(_ name: String) throws -> String {
      try String(contentsOf: file(name), encoding: .utf8)
    }
    try Data(MinisignTests.content).write(to: file("content"))

    // Ours, checked by the tool; then our secret key, used by the tool.
    var entropy = Entropy.seeded(6)
    let pair = try MinisignPair(random: &entropy)
    try Data(pair.publicKey.text.utf8).write(to: file("ours.pub"))
    try Data(pair.secretKeyFile()).write(to: file("ours.key"))
    let signed = pair.sign(MinisignTests.content, trustedComment: "by us").text
    try Data(signed.utf8).write(to: file("ours.minisig"))
    let check = ["-V", "-H", "-p", "ours.pub", "-x", "ours.minisig", "-m", "content"]
    #expect(try Tool.run(check, in: folder) == 0)
    try Data(signed.replacing("by us", with: "by me").utf8).write(to: file("ours.minisig"))
    #expect(try Tool.run(check, in: folder) != 0)
    let sign = ["-S", "-W", "-s", "ours.key", "-x", "with-ours.minisig", "-m", "content"]
    #expect(try Tool.run(sign, in: folder) == 0)
    let withOurs = try MinisignSignature(text: try text("with-ours.minisig"))
    #expect(withOurs.verify(MinisignTests.content, by: pair.publicKey))

    // The tool's, checked by us, in both forms.
    #expect(try Tool.run(["-G", "-W", "-p", "theirs.pub", "-s", "theirs.key"], in: folder) == 0)
    let key = try MinisignKey(text: try text("theirs.pub"))
    #expect(try text("theirs.pub") == key.text)
    for (option, form) in [("-W", MinisignSignature.Form.hashed), ("-Wl", .legacy)] {
      let sign = ["-S", option, "-s", "theirs.key", "-x", "theirs.minisig", "-m", "content"]
      #expect(try Tool.run(sign, in: folder) == 0)
      let signature = try MinisignSignature(text: try text("theirs.minisig"))
      #expect(signature.form == form)
      #expect(signature.verify(MinisignTests.content, by: key))
      #expect(!signature.verify(MinisignTests.content + [1], by: key))
      #expect(try text("theirs.minisig") == signature.text)
    }
    let theirs = try MinisignPair(secretKeyFile: [UInt8](Data(contentsOf: file("theirs.key"))))
    let read = theirs.publicKey
    #expect(read == key)
  }
}
