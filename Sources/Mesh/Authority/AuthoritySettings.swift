/// Bounds of the logs that say who may do what. Limits that change what counts must be the same on
/// every node, or rosters differ; they are marked so.
package struct AuthoritySettings: Sendable {
  /// How far ahead of the own clock an operation may be dated. A guess.
  package var clockSkew: Duration = .seconds(600)
  /// Operations of the creator, and of anybody else, that count. The same everywhere. A guess: one
  /// every ten seconds for three hours.
  package var operationsOfCreator: UInt32 = 1_024
  package var operationsOfAuthor: UInt32 = 512
  /// Of those who may only step down and accept a seat. A guess.
  package var operationsOfSpeaker: UInt32 = 32
  /// Kept in all (specification of limits, `ops per room`): under a megabyte.
  package var operations = 4_096
  package var authors = 256
  /// Ahead of what they follow, or of what names their author; in all and of one author.
  package var waiting = 256
  package var waitingOfAuthor = 32
  /// People who ever moderate, in order of seniority. The same everywhere. A guess: four times the
  /// seats of the stage.
  package var moderatorsEver = 64
  /// Times one person can be made moderator. The same everywhere. A guess.
  package var powersOfPerson = 32
  /// Grants between the creator and a moderator. The same everywhere. A guess.
  package var depth = 8
  /// Live moderators at most (specification of limits): asked of the own node's person only.
  package var moderators = 16

  package init() {}
}
