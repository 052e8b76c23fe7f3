// What the mesh and the readers of links refuse, put into sentences for people.
package import Mesh
package import Wire

/// The mesh's refusals as a client reads them.
extension ControlError {
  /// What the mesh refused, said to a person.
  package init(_ refusal: Refusal) {
    let sentence =
      switch refusal {
      case .noSuchRoom: "There is no such room here."
      case .alreadyIn: "This node is in that room already."
      case .notIn: "This node is not in that room."
      case .linkExpired: "The link has expired. Ask for a new one."
      case .nobodyAnswered:
        "Nobody in the link answered. Check that UDP gets out of this network and that somebody is "
          + "in the room, or ask for a new link."
      case .tooManyRooms: "This node is in as many rooms as it can be. Leave one first."
      case .notSpeaking: "This node is not speaking in that room."
      case .payloadSize: "The sound frames have the wrong size."
      case .roomExpired: "The room's time is over."
      case .notAdmitted: "The room did not let this node in."
      case .memoryFull: "The memory for keys is full. Leave a room, or restart the node."
      case .stageFull: "The stage is full. Try again when somebody has stepped down."
      case .notAllowed: "That is not yours to do in this room."
      case .noSuchPerson: "There is no such person in this room."
      case .noSeatOffered: "Nobody has offered you a seat on the stage."
      case .noHand: "That hand is not up."
      case .handsClosed: "The host does not take hands now."
      case .tooOften: "Not so often: wait a little."
      case .alreadyOnStage: "You are on the stage already."
      case .removed: "A moderator removed this node from the room."
      case .roomClosed: "The host closed the room."
      case .doorShut: "The host lets nobody new in now."
      case .tooEarly:
        "Others have not told this node yet what it decided before. Try again at once."
      case .clockWrong:
        "This node's clock and the others' differ too much. Set the time, then try again."
      }
    self.init(Code(rawValue: refusal.rawValue) ?? .other, sentence)
  }

  /// A peer that was to be linked with is silent.
  static let noAnswer = ControlError(
    .nobodyAnswered,
    "Nobody answers there. Check the address, that the node runs, and that UDP gets out of this "
      + "network; this node goes on trying.")

  /// What is wrong with a link somebody typed or pasted.
  package init(link error: WireError) {
    let sentence =
      switch error {
      case .checksum: "The link is damaged: mistyped or cut off. Copy all of it again."
      case .text: "This is not an invite link (starling:…)."
      case .short, .trailing, .range: "The link is cut off or has something added to it."
      case .unknown: "The link was made by a newer version of starling than this one."
      }
    self.init(.badLink, sentence)
  }
}
