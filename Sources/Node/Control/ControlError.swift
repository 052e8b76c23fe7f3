/// Why a request was not carried out, as the reply says it.
package struct ControlError: Error, Hashable, Sendable, Codable {
  /// For programs; closed, so that each can be acted on.
  package enum Code: String, Hashable, Sendable, Codable, CaseIterable {
    case malformed, unknownRequest, missing, lineTooLong, tooManyClients
    case badLink, badAddress, unknownHost, badSound
    case whichRoom, alreadySpeaking
    case noSuchRoom, alreadyIn, notIn, linkExpired, nobodyAnswered, tooManyRooms
    case notSpeaking, payloadSize, roomExpired, notAdmitted, memoryFull, clockWrong, stageFull
    case notAllowed, noSuchPerson, whichPerson, noSeatOffered, noHand, handsClosed, tooOften
    case alreadyOnStage, removed, roomClosed, doorShut, tooEarly
    case noDevices, noSuchDevice, tooManyDevices, notFromDevice
    case other
  }

  /// For people.
  package let error: String
  package let code: Code

  package init(_ code: Code, _ error: String) {
    self.error = error
    self.code = code
  }
}
