import Testing
import Wire

@testable import Keys

private struct SpecFile: Decodable {
  struct Genesis: Decodable {
    let identity_root: Hex
    let nonce: Hex
    let creator_pk: Hex
    let genesis_unsigned: Hex
    let sig: Hex
    let room_id: Hex
  }

  struct Persona: Decodable {
    let index: UInt32
    let persona_pk: Hex
  }

  struct SessionCert: Decodable {
    let session_seed: Hex
    let session_pk: Hex
    let sid: Hex
    let body: Hex
    let sig_persona: Hex
    let sig_session: Hex
  }

  struct RoomOp: Decodable {
    let unsigned: Hex
    let sig: Hex
    let op_hash: Hex
    let total_len: Int
  }

  struct KeyAnnounce: Decodable {
    let base_key0: Hex
    let gen: UInt16
    let commit: Hex
    let body: Hex
    let sig: Hex
    let total_len: Int
  }

  struct Frame: Decodable {
    let ctr: UInt64
    let pt: Hex
    let sframe: Hex
    let leaf: Hex
  }

  struct Attestation: Decodable {
    let body: Hex
    let sig: Hex
    let total_len: Int
  }

  struct Invite: Decodable {
    let invite_secret: Hex
    let invite_pk: Hex
    let admission_body: Hex
    let admission_sig: Hex
  }

  let genesis: Genesis
  let persona: Persona
  let session_cert: SessionCert
  let room_op_grant_speak: RoomOp
  let key_announce: KeyAnnounce
  let frames: [Frame]
  let attestation: Attestation
  let invite: Invite
}

/// The message formats themselves are the floors' above; here only what keys have to do with them.
@Suite(.needsVectors) struct SpecVectorTests {
  private let file: SpecFile
  private let room: RoomID

  init() throws {
    file = try Vectors.load("own-spec-vectors.json")
    room = RoomID(try #require(Bytes16(file.genesis.room_id.bytes)))
  }

  @Test func genesisAndRoomID() throws {
    let creator = try identity().creator(nonce: try #require(Bytes16(file.genesis.nonce.bytes)))
    #expect(creator.publicKey.raw.array == file.genesis.creator_pk.bytes)
    let unsigned = file.genesis.genesis_unsigned.bytes
    #expect(creator.sign("VR1-genesis", unsigned).raw.array == file.genesis.sig.bytes)
    #expect(Digest.hash16("VR1-room", unsigned) == room.raw)
    #expect(
      Signatures.verify(
        try signature(file.genesis.sig), by: creator.publicKey, "VR1-genesis", unsigned))
    #expect(
      !Signatures.verify(
        try signature(file.genesis.sig), by: creator.publicKey, "VR1-genesit", unsigned))
  }

  @Test func personaAndSessionCertificate() throws {
    let persona = try identity().persona(room: room, index: file.persona.index)
    #expect(persona.publicKey.raw.array == file.persona.persona_pk.bytes)
    let session = try session()
    let certificate = file.session_cert
    #expect(session.publicKey.raw.array == certificate.session_pk.bytes)
    #expect(
      Array(
        Digest.hash16("VR1-sid", room.raw.array + session.publicKey.raw.array).array.prefix(3))
        == certificate.sid.bytes)
    #expect(
      persona.sign("VR1-cert", certificate.body.bytes).raw.array == certificate.sig_persona.bytes)
    #expect(
      session.sign("VR1-cert-pop", certificate.body.bytes).raw.array
        == certificate.sig_session.bytes)
  }

  @Test func roomOperation() throws {
    let op = file.room_op_grant_speak
    let creator = try identity().creator(nonce: try #require(Bytes16(file.genesis.nonce.bytes)))
    #expect(creator.sign("VR1-op", op.unsigned.bytes).raw.array == op.sig.bytes)
    let whole = op.unsigned.bytes + op.sig.bytes
    #expect(whole.count == op.total_len)
    #expect(Digest.hash16("VR1-ophash", whole).array == op.op_hash.bytes)
  }

  @Test func keyAnnouncement() throws {
    let announce = file.key_announce
    let base = try Secret(bytes: announce.base_key0.bytes)
    let commit = SenderChain.commit(
      base, room: room, session: try sessionID(), generation: announce.gen)
    #expect(commit.array == announce.commit.bytes)
    #expect(
      try session().sign("VR1-kann", room.raw.array + announce.body.bytes).raw.array
        == announce.sig.bytes)
    #expect(announce.body.bytes.count + announce.sig.bytes.count == announce.total_len)
  }

  @Test func framesAndLeaves() throws {
    let base = try Secret(bytes: file.key_announce.base_key0.bytes)
    // Session, generation 3, step 0.
    let keyID = UInt64(try sessionID().raw) << 8 | UInt64(file.key_announce.gen) << 4
    let key = try FrameKey(base: base, keyID: keyID)
    for frame in file.frames {
      var (sealed, plain): ([UInt8], [UInt8]) = ([], [])
      key.seal(frame.pt.bytes.span, counter: frame.ctr, room: room, into: &sealed)
      #expect(sealed == frame.sframe.bytes)
      #expect(key.open(frame.sframe.bytes.span, room: room, into: &plain))
      #expect(plain == frame.pt.bytes)
      var leaf = Writer()
      leaf.u64(Digest.leaf(room: room, frame: sealed.span))
      #expect(leaf.bytes == frame.leaf.bytes)
    }
    #expect(file.frames.count == 10)
  }

  @Test func attestation() throws {
    let attestation = file.attestation
    #expect(
      try session().sign("VR1-att", room.raw.array + attestation.body.bytes).raw.array
        == attestation.sig.bytes)
    #expect(attestation.body.bytes.count + attestation.sig.bytes.count == attestation.total_len)
    // Session, last counter, mask; then the leaves, oldest first.
    #expect(Array(attestation.body.bytes.dropFirst(11)) == file.frames.flatMap(\.leaf.bytes))
  }

  @Test func invitation() throws {
    let invite = file.invite
    let pair = try InviteKey.pair(
      secret: try #require(Bytes16(invite.invite_secret.bytes)), room: room)
    #expect(pair.publicKey.raw.array == invite.invite_pk.bytes)
    #expect(
      pair.sign("VR1-adm", invite.admission_body.bytes).raw.array == invite.admission_sig.bytes)
  }

  private func identity() throws -> Identity {
    var entropy = Entropy.seeded(0)
    return Identity(
      root: try Secret(bytes: file.genesis.identity_root.bytes),
      node: try AgreementPair(random: &entropy))
  }

  private func session() throws -> SigningPair {
    try SigningPair(seed: try Secret(bytes: file.session_cert.session_seed.bytes))
  }

  private func sessionID() throws -> SessionID {
    let bytes = file.session_cert.sid.bytes
    return SessionID(bytes.reduce(0) { $0 << 8 | UInt32($1) })
  }

  private func signature(_ hex: Hex) throws -> Signature {
    Signature(try #require(Bytes64(hex.bytes)))
  }
}
