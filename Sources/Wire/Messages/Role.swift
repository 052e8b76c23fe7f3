/// What a persona may do in a room; each role may do all that the ones before it may.
package enum Role: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  /// Hears.
  case listener = 0
  /// May take a seat on the stage.
  case speaker = 1
  /// Says who speaks and who goes.
  case moderator = 2
  /// The one who may also hand the room over, set its rules and close it.
  case host = 3

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
