package import Wire

/// Proof that an author continued its log in two ways: two operations of one number behind the same
/// operation, both signed by it.
///
/// It convinces whoever checks the two signatures, without anybody's word.
package struct Equivocation: Hashable, Sendable {
  package let first: RoomOperation
  package let second: RoomOperation

  /// Nil unless the two contradict each other.
  package init?(_ one: LoggedOperation, _ other: LoggedOperation) {
    let (left, right) = (one.operation, other.operation)
    guard left.room == right.room, left.author == right.author, left.sequence == right.sequence,
      left.previous == right.previous, one.hash != other.hash
    else { return nil }
    (first, second) = one.hash < other.hash ? (left, right) : (right, left)
  }

  package var author: PersonaID { first.author }

  /// From this number on nothing of the author counts.
  package var sequence: UInt32 { first.sequence }

  package var operations: [RoomOperation] { [first, second] }
}
