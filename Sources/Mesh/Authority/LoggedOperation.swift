import Keys
package import Wire

/// An operation and its hash, by which others refer to it.
package struct LoggedOperation: Hashable, Sendable {
  package let operation: RoomOperation
  package let hash: Bytes16
  let author: AuthorID

  package init(_ operation: RoomOperation) {
    self.operation = operation
    author = AuthorID.of(operation.author)
    hash = Digest.hash16("VR1-ophash", operation.encoded)
  }

  package var reference: OperationReference {
    OperationReference(
      author: author, sequence: operation.sequence, head: hash.high)
  }

  package static func hasGoodSignature(_ operation: RoomOperation) -> Bool {
    Signatures.verify(
      operation.signature, by: SigningKey(operation.author.raw), "VR1-op", operation.unsigned)
  }
}
