/// First byte of every record inside a link (Spec 2 §6). Below 0x10 the link answers itself.
package enum MessageType: UInt8, Sendable, CaseIterable {
  // Room entry and roster
  case join = 0x10
  case refusal = 0x11
  case leave = 0x12
  case member = 0x13
  case presence = 0x14
  case rosterHash = 0x15
  case rosterBuckets = 0x16
  case rosterSummary = 0x17
  case memberWant = 0x18
  case presenceWant = 0x19

  // Authority
  case operationHash = 0x1A
  case operationVector = 0x1B
  case operationWant = 0x1C
  case operations = 0x1D
  case hand = 0x1E
  /// An Admission by an invite that its inviter has yet to honour, on its way there.
  case admissionPlea = 0x1F
  case reaction = 0x20

  // Keys
  case keyAnnouncement = 0x22
  case grant = 0x23
  case grantRequest = 0x24
  /// ML-KEM key and answer, before any grant; about the link, not a room.
  case hybridKey = 0x25
  case hybridAnswer = 0x26

  // Overlay
  case neighbour = 0x28
  case neighbourReply = 0x29
  case disconnect = 0x2A
  case forwardJoin = 0x2B
  case shuffle = 0x2C
  case shuffleReply = 0x2D
  case meeting = 0x2E

  // Forest
  case offerWant = 0x30
  case offer = 0x31
  case graft = 0x32
  case graftReply = 0x33
  case prune = 0x34
  case pull = 0x35

  // Sound
  case media = 0x40
  case attestation = 0x41

  // People who compare codes
  case pairCheck = 0x48

  // Rooms that want to be found
  case listing = 0x50
}

/// Which room a message on a link is about: the receiver's own small number for it, told in its
/// JOIN. The lobby, the overlay of all nodes, has a number of its own.
package typealias RoomTag = UInt8

extension RoomTag {
  package static let lobby: RoomTag = 0xFF
}
