import Testing
import Wire

@testable import Keys

@Suite struct NoiseHandshakeTests {
  @Test func aFinishedLinkKnowsBothEnds() throws {
    var entropy = Entropy.seeded(1)
    var sides = try HandshakePair(&entropy)
    #expect(sides.responder.remoteStatic == nil)
    for (index, payload) in [[1], [2, 2], [3, 3, 3]].enumerated() as EnumeratedSequence<[[UInt8]]> {
      let message = try sides.write(payload, byInitiator: index % 2 == 0)
      #expect(try sides.read(message, byInitiator: index % 2 == 1) == payload)
    }
    #expect(sides.responder.remoteStatic != nil)
    #expect(sides.initiator.handshakeHash == sides.responder.handshakeHash)
    let secrets = try sides.split()
    #expect(revealed(secrets.initiator.chain) == revealed(secrets.responder.chain))
  }

  /// XK: who dials is told to nobody that has not shown to hold the key that was dialled, and
  /// stands in no message for others to read.
  @Test func whoDialsIsToldLastAndSealed() throws {
    var entropy = Entropy.seeded(11)
    var sides = try HandshakePair(&entropy)
    var messages: [[UInt8]] = []
    for index in 0..<3 {
      #expect(sides.responder.remoteStatic == nil)
      let message = try sides.write([], byInitiator: index % 2 == 0)
      _ = try sides.read(message, byInitiator: index % 2 == 1)
      messages.append(message)
    }
    let dialler = try #require(sides.responder.remoteStatic?.raw.array)
    for message in messages {
      for start in 0...max(0, message.count - dialler.count) {
        #expect(Array(message[start...].prefix(dialler.count)) != dialler)
      }
    }
  }

  @Test func everyFlippedBitOfEveryMessageIsRefusedAndDoesNoHarm() throws {
    var entropy = Entropy.seeded(2)
    var sides = try HandshakePair(&entropy)
    for index in 0..<3 {
      let byInitiator = index % 2 == 0
      let message = try sides.write([7, 7, 7, 7], byInitiator: byInitiator)
      for bit in 0..<message.count * 8 {
        // X25519 ignores the highest bit of a point, but the transcript does not.
        var forged = message
        forged[bit / 8] ^= 1 << UInt8(bit % 8)
        var isRefused = false
        do { _ = try sides.read(forged, byInitiator: !byInitiator) } catch { isRefused = true }
        #expect(isRefused, "message \(index), bit \(bit)")
      }
      #expect(try sides.read(message, byInitiator: !byInitiator) == [7, 7, 7, 7])
    }
    #expect(sides.initiator.isFinished == true)
  }

  @Test func everyTruncationIsRefused() throws {
    var entropy = Entropy.seeded(3)
    var sides = try HandshakePair(&entropy)
    for index in 0..<3 {
      let byInitiator = index % 2 == 0
      let message = try sides.write([9], byInitiator: byInitiator)
      for count in 0..<message.count {
        var isRefused = false
        do {
          _ = try sides.read(Array(message.prefix(count)), byInitiator: !byInitiator)
        } catch { isRefused = true }
        #expect(isRefused, "message \(index) cut to \(count)")
      }
      _ = try sides.read(message, byInitiator: !byInitiator)
    }
  }

  @Test func anotherTokenFailsAtTheThirdMessage() throws {
    var entropy = Entropy.seeded(4)
    var sides = try HandshakePair(
      &entropy, initiatorToken: Digest.hash32("VR1-psk", [1]),
      responderToken: Digest.hash32("VR1-psk", [2]))
    _ = try sides.read(try sides.write([], byInitiator: true), byInitiator: false)
    _ = try sides.read(try sides.write([], byInitiator: false), byInitiator: true)
    let third = try sides.write([], byInitiator: true)
    #expect(throws: KeysError.forged) { try sides.read(third, byInitiator: false) }
  }

  @Test func lowOrderEphemeralsAreRefused() throws {
    var entropy = Entropy.seeded(5)
    var sides = try HandshakePair(&entropy)
    let first = try sides.write([], byInitiator: true)
    for point in [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31)] {
      let forged = point + first.dropFirst(32)
      #expect(throws: KeysError.weakPoint) { try sides.read(forged, byInitiator: false) }
    }
  }

  @Test func messagesComeInTurn() throws {
    var entropy = Entropy.seeded(6)
    var sides = try HandshakePair(&entropy)
    #expect(throws: KeysError.outOfTurn) { try sides.write([], byInitiator: false) }
    #expect(throws: KeysError.outOfTurn) { try sides.read([], byInitiator: true) }
    try sides.finish()
    #expect(throws: KeysError.outOfTurn) { try sides.write([], byInitiator: false) }
    #expect(throws: KeysError.outOfTurn) { try sides.read([], byInitiator: true) }
  }

  @Test func splittingEarlyAndMissingKeysAreRefused() throws {
    var entropy = Entropy.seeded(7)
    let sides = try HandshakePair(&entropy)
    var refusal: KeysError?
    do { _ = try sides.split() } catch { refusal = error }
    #expect(refusal == .outOfTurn)

    refusal = nil
    do throws(KeysError) {
      _ = try NoiseHandshake(
        pattern: .xkpsk3, role: .initiator, prologue: [], psks: [.zero],
        staticPair: try AgreementPair(random: &entropy), remoteStatic: nil,
        ephemeral: try AgreementPair(random: &entropy))
    } catch { refusal = error }
    #expect(refusal == .outOfTurn)
  }

  @Test func rekeyingAgreesOnBothSidesAndChangesEverything() throws {
    var entropy = Entropy.seeded(8)
    var sides = try HandshakePair(&entropy)
    try sides.finish()
    let before = try sides.split()
    let shared = try Secret(random: &entropy)
    let binding = entropy.bytes32()
    let after = SecretsPair(
      initiator: try before.initiator.rekeyed(shared: shared, binding: binding),
      responder: try before.responder.rekeyed(shared: shared, binding: binding))
    #expect(revealed(after.initiator.chain) == revealed(after.responder.chain))
    #expect(revealed(after.initiator.chain) != revealed(before.initiator.chain))
    let otherwise = try before.initiator.rekeyed(shared: shared, binding: entropy.bytes32())
    #expect(revealed(after.initiator.chain) != revealed(otherwise.chain))
    let unbound = try before.initiator.rekeyed(shared: shared)
    #expect(revealed(after.initiator.chain) != revealed(unbound.chain))

    var datagram: [UInt8] = [1, 2, 3]
    after.initiator.send.seal(&datagram, from: 0, header: 0, counter: 9)
    var plain: [UInt8] = []
    let nothing: [UInt8] = []
    #expect(
      !before.responder.receive.open(
        datagram.span, associated: nothing.span, counter: 9, into: &plain))
    #expect(
      after.responder.receive.open(
        datagram.span, associated: nothing.span, counter: 9, into: &plain))
    #expect(plain == [1, 2, 3])
  }

  @Test func secretsCanBeTakenApart() throws {
    struct Ends: ~Copyable {
      let send: DatagramCipher
      let receive: DatagramCipher
    }
    var entropy = Entropy.seeded(9)
    var sides = try HandshakePair(&entropy)
    try sides.finish()
    let secrets = try sides.initiator.split()
    let ends = secrets.apart { send, receive, _ in Ends(send: send, receive: receive) }
    var datagram: [UInt8] = [1]
    ends.send.seal(&datagram, from: 0, header: 0, counter: 0)
    #expect(datagram.count == 1 + DatagramCipher.tagCount)
  }
}
