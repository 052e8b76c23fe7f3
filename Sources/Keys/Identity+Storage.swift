// What a node derives from its identity for its own files and its own address.
package import Wire

/// Keys an identity gives to what the node stores beside it.
extension Identity {
  /// Seals what the program keeps beside the identity file; gone with the identity.
  package borrowing func storageKey() throws(KeysError) -> Secret {
    try KDF.derive(root, "VR1-storage", [])
  }

  /// The token in this node's peer address: the same after every start, another one for each
  /// rotation of the node key.
  package borrowing func addressToken() -> Bytes16 {
    var context = Writer(capacity: 4)
    context.u32(epoch)
    return KDF.public32(root, "VR1-token", context.bytes).high
  }
}
