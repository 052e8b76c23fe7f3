/// What an invite link says: which room, the secret that admits, and whom to ask.
///
/// Text form `starling:<base64url>`; the payload is
/// `version<<4 | flags | room 16 | [secret 16] | count 1 | count × contact | check 4`.
/// Flag 1: a secret is present (social rooms). Flag 2: `expiry u48` seconds follows the secret.
package struct Invite: Hashable, Sendable {
  package var room: RoomID
  /// Seed of the invite key. Open rooms have none.
  package var secret: Bytes16?
  /// Milliseconds since 1970 after which the link is refused.
  package var expiry: UInt64?
  package var contacts: [Contact]

  package init(room: RoomID, secret: Bytes16?, expiry: UInt64?, contacts: [Contact]) {
    self.room = room
    self.secret = secret
    self.expiry = expiry
    self.contacts = Array(contacts.prefix(Limits.contactsPerInvite))
  }
}
