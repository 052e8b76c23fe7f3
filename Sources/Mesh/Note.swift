/// Something worth a counter or a line in the trace. Nothing in it names a person, a room or an
/// address: the shell may log notes at any level.
package enum Note: Hashable, Sendable {
  case drop(Drop)
  case linkUp, linkDown, handshakeFailed
  case rekeyed, roamed
  case mirrored, grafted, pulled, detached, spared
  case keyGranted, keyRefused, keyWithheld
}

/// Why something from the network was ignored. Each has one meaning and is counted by the shell.
package enum Drop: String, Hashable, CaseIterable, Sendable {
  // Links
  case notForUs, replayed, malformedRecord, unknownRecord, staleHandshake, rateLimited
  case cookieWanted, tooManySessions, tooManyHandshakes, duplicateMessage
  /// Sound and records that may be lost, for which a covered link had no slot in time.
  case slotsFull
  // Rooms
  case unknownRoom, badJoin, badCertificate, badAdmission, notJoined
  case notAdmitted, removedPerson, roomClosed, doorShut, expiredInvite, waitingFull, badStamp,
    unpaid
  // Authority
  case badOperation, staleOperation, operationsFull, contradiction, badHand, badReaction, notAllowed
  // Presence and membership
  case badPresence, stalePresence, expiredPresence, rosterFull, badShuffle, tooManyRecords
  // Keys
  case badAnnouncement, staleAnnouncement, badGrant, unwantedGrant, tooManyKeys
  // Frames (F1-F4 of Spec 6)
  case unknownSpeaker, wrongFrameSize, duplicateFrame, counterTooFar, frameRate
  case unwantedMedia, suspended, uplinkFull, stageFull
  case frameTooOld, sealBroken, noKey, badAttestation, attestationMismatch
  // Forest
  case badForestMessage, noSuchTree
  // Reach
  case badListing, listingFull
  case badMeeting, noMeeting
}
