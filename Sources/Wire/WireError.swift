/// Why bytes from outside were refused.
///
/// Closed and without payload: nothing of the sender's is repeated to anybody.
package enum WireError: Error, Hashable, Sendable {
  /// Fewer bytes than the fields need.
  case short
  /// Bytes left over after the last field.
  case trailing
  /// A count, length or number outside its limit.
  case range
  /// An enumeration value nobody defined.
  case unknown
  /// Text that is not what it should be (UTF-8, base64url, digits).
  case text
  /// A checksum inside the text does not match: mistyped or cut.
  case checksum
}
