/// The names things have on the wire, each its own type, so that none fits where another is meant.

/// A node: its X25519 static public key.
///
/// Seen by direct neighbours only.
package struct NodeID: Hashable, Comparable, Sendable {
  package let raw: Bytes32
  package init(_ raw: Bytes32) { self.raw = raw }
  package static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }

  /// The first four bytes: enough to recognise a node on the path of a tree (Spec 5 §3).
  package var short: UInt32 { UInt32(truncatingIfNeeded: raw.high.high >> 32) }
}

/// A room: hash of its signed genesis (Spec 4 §2).
package struct RoomID: Hashable, Comparable, Sendable {
  package let raw: Bytes16
  package init(_ raw: Bytes16) { self.raw = raw }
  package static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }
}

/// A persona: a person's throw-away Ed25519 public key in one room.
package struct PersonaID: Hashable, Comparable, Sendable {
  package let raw: Bytes32
  package init(_ raw: Bytes32) { self.raw = raw }
  package static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }
}

/// One join of a persona: 24 bits derived from room and session key (Spec 4 §3).
package struct SessionID: Hashable, Comparable, Sendable {
  package let raw: UInt32
  /// Keeps the low 24 bits.
  package init(_ raw: UInt32) { self.raw = raw & 0xFF_FFFF }
  package static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }
}

/// An Ed25519 public key that signs a session's records.
package struct SigningKey: Hashable, Comparable, Sendable {
  package let raw: Bytes32
  package init(_ raw: Bytes32) { self.raw = raw }
  package static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }
}

/// A detached Ed25519 signature.
package struct Signature: Hashable, Sendable {
  package let raw: Bytes64
  package init(_ raw: Bytes64) { self.raw = raw }
}

/// Which of a room's two trees (and which frames come first on it): even frames A, odd frames B.
package enum Tree: UInt8, CaseIterable, Sendable {
  case a = 0
  case b = 1

  package var other: Tree { self == .a ? .b : .a }

  /// The tree on which frame `counter` travels first.
  package init(counter: UInt32) { self = counter & 1 == 0 ? .a : .b }
}
