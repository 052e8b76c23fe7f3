import Testing
import Wire

@testable import Keys

private struct NoiseFile: Decodable {
  let vectors: [NoiseVector]
}

private struct NoiseVector: Decodable {
  struct Message: Decodable {
    let payload: Hex
    let ciphertext: Hex
  }

  static let suite = "_25519_ChaChaPoly_BLAKE2b"

  let protocol_name: String
  let init_prologue: Hex
  let init_psks: [Hex]?
  let init_static: Hex?
  let init_ephemeral: Hex
  let init_remote_static: Hex?
  let resp_prologue: Hex
  let resp_psks: [Hex]?
  let resp_static: Hex?
  let resp_ephemeral: Hex?
  let resp_remote_static: Hex?
  let handshake_hash: Hex?
  let messages: [Message]

  var patternName: String? {
    guard protocol_name.hasSuffix(NoiseVector.suite) else { return nil }
    return String(protocol_name.dropFirst("Noise_".count).dropLast(NoiseVector.suite.count))
  }

  /// Of this suite, and not deferred.
  var pattern: NoisePattern? {
    patternName.flatMap { NoisePatternTable.pattern(named: $0) }
  }
}

private func pair(_ secret: Hex?) throws -> AgreementPair? {
  guard let secret else { return nil }
  return AgreementPair(secret: try Secret(bytes: secret.bytes))
}

private func run(_ vector: NoiseVector) throws {
  let pattern = try #require(vector.pattern)
  var entropy = Entropy.seeded(0)
  var sides = HandshakePair(
    initiator: try NoiseHandshake(
      pattern: pattern, role: .initiator, prologue: vector.init_prologue.bytes,
      psks: (vector.init_psks ?? []).compactMap { Bytes32($0.bytes) },
      staticPair: try pair(vector.init_static),
      remoteStatic: vector.init_remote_static.flatMap { Bytes32($0.bytes) }.map { NodeID($0) },
      ephemeral: AgreementPair(secret: try Secret(bytes: vector.init_ephemeral.bytes))),
    responder: try NoiseHandshake(
      pattern: pattern, role: .responder, prologue: vector.resp_prologue.bytes,
      psks: (vector.resp_psks ?? []).compactMap { Bytes32($0.bytes) },
      staticPair: try pair(vector.resp_static),
      remoteStatic: vector.resp_remote_static.flatMap { Bytes32($0.bytes) }.map { NodeID($0) },
      ephemeral: try pair(vector.resp_ephemeral) ?? AgreementPair(random: &entropy)))

  let handshake = vector.messages.prefix(pattern.messages.count)
  for (index, message) in handshake.enumerated() {
    let sent = try sides.write(message.payload.bytes, byInitiator: index % 2 == 0)
    #expect(sent == message.ciphertext.bytes, "\(vector.protocol_name) message \(index)")
    #expect(try sides.read(sent, byInitiator: index % 2 == 1) == message.payload.bytes)
  }
  let isFinished = (sides.initiator.isFinished, sides.responder.isFinished)
  #expect(isFinished == (true, true))
  #expect(sides.initiator.handshakeHash == sides.responder.handshakeHash)
  if let hash = vector.handshake_hash {
    #expect(sides.initiator.handshakeHash == Bytes64(hash.bytes), "\(vector.protocol_name)")
  }
  try transport(vector, try sides.split())
}

private func transport(_ vector: NoiseVector, _ secrets: consuming SecretsPair) throws {
  let pattern = try #require(vector.pattern)
  let isOneWay = pattern.messages.count == 1
  var counters: [Bool: UInt64] = [true: 0, false: 0]
  for (index, message) in vector.messages.enumerated().dropFirst(pattern.messages.count) {
    let byInitiator = isOneWay || index % 2 == 0
    let counter = try #require(counters[byInitiator])
    counters[byInitiator] = counter + 1
    var bytes = message.payload.bytes
    var plain: [UInt8] = []
    let opened: Bool
    if byInitiator {
      secrets.initiator.send.seal(&bytes, from: 0, header: 0, counter: counter)
      opened = secrets.responder.receive.open(
        bytes.span, associated: [UInt8]().span, counter: counter, into: &plain)
    } else {
      secrets.responder.send.seal(&bytes, from: 0, header: 0, counter: counter)
      opened = secrets.initiator.receive.open(
        bytes.span, associated: [UInt8]().span, counter: counter, into: &plain)
    }
    #expect(bytes == message.ciphertext.bytes, "\(vector.protocol_name) transport \(index)")
    #expect(opened)
    #expect(plain == message.payload.bytes)
  }
}

@Suite(.needsVectors) struct NoiseVectorTests {
  @Test func everyCacophonyVectorOfTheSuiteHoldsWithItsHash() throws {
    let vectors = try Vectors.load("noise/cacophony.json.txt", as: NoiseFile.self).vectors
      .filter { $0.pattern != nil }
    for vector in vectors { try run(vector) }
    #expect(vectors.count == 36)
    #expect(vectors.count { $0.handshake_hash != nil } == 36)
  }

  @Test func everySnowVectorOfTheSuiteHolds() throws {
    let vectors = try Vectors.load("noise/snow.txt", as: NoiseFile.self).vectors
      .filter { $0.pattern != nil }
    for vector in vectors { try run(vector) }
    #expect(vectors.count == 28)
  }

  @Test func theLinksOwnPatternXKpsk3Holds() throws {
    let vectors = try Vectors.load("noise/cacophony.json.txt", as: NoiseFile.self).vectors
      .filter { $0.protocol_name == "Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b" }
    #expect(vectors.count == 1)
    for vector in vectors { try run(vector) }
  }
}
