import Keys
import Testing
import Wire

@Test func linkSecretsCanBeTakenApart() throws {
  try Sodium.start()
  var entropy = Entropy.seeded(1)
  let node = try AgreementPair(random: &entropy)
  let id = node.publicKey
  var dialler = try NoiseHandshake(
    pattern: .xkpsk3, role: .initiator, prologue: [], psks: [.zero],
    staticPair: try AgreementPair(random: &entropy), remoteStatic: id,
    ephemeral: try AgreementPair(random: &entropy))
  var listener = try NoiseHandshake(
    pattern: .xkpsk3, role: .responder, prologue: [], psks: [.zero],
    staticPair: node, ephemeral: try AgreementPair(random: &entropy))
  #expect(try listener.readMessage(try dialler.writeMessage(payload: [1])) == [1])
  #expect(try dialler.readMessage(try listener.writeMessage(payload: [2])) == [2])
  #expect(try listener.readMessage(try dialler.writeMessage(payload: [3])) == [3])
  let dial = try dialler.split()
  let listen = try listener.split()
  var buffer: [UInt8] = [9, 8, 7, 1, 2, 3]
  dial.send.seal(&buffer, from: 1, header: 2, counter: 5)
  var plain: [UInt8] = []
  #expect(
    listen.receive.open(
      buffer.span.extracting(3..<buffer.count), associated: [8, 7].span, counter: 5, into: &plain))
  #expect(plain == [1, 2, 3])
}
