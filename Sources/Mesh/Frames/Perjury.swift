import Wire

/// A speaker's two words about the same frames: the proof, without anybody's word, that it lied.
struct Perjury {
  let one: Attestation
  let other: Attestation

  var session: SessionID { one.session }
}
