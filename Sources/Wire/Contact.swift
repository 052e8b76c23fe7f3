/// All that is needed to open a link: a node, its address token, and where it may be found.
package struct Contact: Hashable, Sendable {
  package var node: NodeID
  /// Mixed into the mask and the pre-shared key of a link; nil for a node that asks for none.
  package var token: Bytes16?
  package var endpoints: [Endpoint]

  package init(node: NodeID, token: Bytes16? = nil, endpoints: [Endpoint]) {
    self.node = node
    self.token = token
    self.endpoints = Array(endpoints.prefix(Limits.endpointsPerContact))
  }

  /// `node 32 | flags 1 (bit 7: token) + count | [token 16] | count × endpoint 18`
  package func encode(into writer: inout Writer) {
    writer.bytes32(node.raw)
    writer.u8(UInt8(endpoints.count) | (token == nil ? 0 : 0x80))
    if let token { writer.bytes16(token) }
    for endpoint in endpoints { writer.endpoint(endpoint) }
  }

  package init(from reader: inout Reader) throws(WireError) {
    let node = NodeID(try reader.bytes32())
    let flags = try reader.u8()
    let count = Int(flags & 0x7F)
    guard count <= Limits.endpointsPerContact else { throw .range }
    let token = flags & 0x80 == 0 ? nil : try reader.bytes16()
    var endpoints: [Endpoint] = []
    for _ in 0..<count { endpoints.append(try reader.endpoint()) }
    self.init(node: node, token: token, endpoints: endpoints)
  }
}
