import Testing
import Wire

@testable import Keys

private struct SFrameFile: Decodable {
  struct Header: Decodable {
    let kid: UInt64
    let ctr: UInt64
    let encoded: Hex
  }

  struct Frame: Decodable {
    let cipher_suite: UInt16
    let kid: UInt64
    let ctr: UInt64
    let base_key: Hex
    let sframe_key_label: Hex?
    let sframe_salt_label: Hex?
    let sframe_secret: Hex
    let sframe_key: Hex
    let sframe_salt: Hex
    let metadata: Hex
    let pt: Hex
    let ct: Hex
  }

  let header: [Header]?
  let sframe: [Frame]
  let ratchet: [Hex]?
}

@Suite(.needsVectors) struct SFrameVectorTests {
  @Test func everyHeaderOfRFC9605ReadsAndWrites() throws {
    let headers = try #require(
      try Vectors.load("sframe/test-vectors.json", as: SFrameFile.self).header)
    for vector in headers {
      let header = SFrameHeader(keyID: vector.kid, counter: vector.ctr)
      #expect(header.encoded == vector.encoded.bytes)
      #expect(header.count == vector.encoded.bytes.count)
      #expect(try SFrameHeader(reading: vector.encoded.bytes.span) == header)
    }
    #expect(headers.count == 289)
  }

  @Test func theKeyScheduleOfEverySHA256SuiteHolds() throws {
    // Suite 5 is built on SHA-512.
    let frames = try Vectors.load("sframe/test-vectors.json", as: SFrameFile.self).sframe
      .filter { (1...4).contains($0.cipher_suite) }
    for frame in frames {
      let secret = try HKDF256.extract(salt: [], frame.base_key.bytes)
      #expect(revealed(secret) == frame.sframe_secret.bytes)
      let keyLabel = FrameKey.label("SFrame 1.0 Secret key ", frame.kid, frame.cipher_suite)
      let saltLabel = FrameKey.label("SFrame 1.0 Secret salt ", frame.kid, frame.cipher_suite)
      #expect(keyLabel == frame.sframe_key_label?.bytes)
      #expect(saltLabel == frame.sframe_salt_label?.bytes)
      #expect(
        expanded(secret, keyLabel, frame.sframe_key.bytes.count) == frame.sframe_key.bytes)
      #expect(
        expanded(secret, saltLabel, frame.sframe_salt.bytes.count) == frame.sframe_salt.bytes)
    }
    #expect(frames.count == 4)
  }

  @Test func framesOfTheOwnSuiteHold() throws {
    let frames = try Vectors.load("sframe/own-suite-f001.json", as: SFrameFile.self).sframe
    for frame in frames {
      #expect(frame.cipher_suite == FrameKey.suite)
      let key = try FrameKey(
        base: try Secret(bytes: frame.base_key.bytes), keyID: frame.kid)
      var (sealed, plain): ([UInt8], [UInt8]) = ([], [])
      frame.metadata.bytes.withUnsafeBufferPointer {
        key.seal(frame.pt.bytes.span, counter: frame.ctr, metadata: $0, into: &sealed)
      }
      #expect(sealed == frame.ct.bytes)
      let isGenuine = frame.metadata.bytes.withUnsafeBufferPointer {
        key.open(sealed.span, metadata: $0, into: &plain)
      }
      #expect(isGenuine)
      #expect(plain == frame.pt.bytes)
    }
    #expect(frames.count == 6)
  }

  @Test func theRatchetOfTheOwnSuiteHolds() throws {
    let steps = try #require(
      try Vectors.load("sframe/own-suite-f001.json", as: SFrameFile.self).ratchet)
    var base = try Secret(bytes: steps[0].bytes)
    for step in steps.dropFirst() {
      base = try SenderChain.ratchet(base)
      #expect(revealed(base) == step.bytes)
    }
    #expect(steps.count == 17)
  }
}
