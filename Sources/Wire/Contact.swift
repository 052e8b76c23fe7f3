/// All that is needed to open a link: a node, its address token, and where it may be found.
package struct Contact: Hashable, Sendable {
  package var node: NodeID
  /// Mixed into the mask and the pre-shared key of a link; nil for a node that asks for none.
  package var token: Bytes16?
  package var endpoints: [Endpoint]
  /// Where the node can be reached through a web server when datagrams do not get through.
  package var tunnel: TunnelAddress?

  package init(
    node: NodeID, token: Bytes16? = nil, endpoints: [Endpoint], tunnel: TunnelAddress? = nil
  ) {
    self.node = node
    self.token = token
    self.endpoints = Array(endpoints.prefix(Limits.endpointsPerContact))
    self.tunnel = tunnel
  }

  /// For messages that carry many.
  package var withoutTunnel: Contact {
    Contact(node: node, token: token, endpoints: endpoints)
  }

  /// `node 32 | flags 1 (bit 7: token, 6: tunnel) + count | [token 16] | count × endpoint 18
  /// | [tunnel address]`
  package func encode(into writer: inout Writer) {
    writer.bytes32(node.raw)
    writer.u8(UInt8(endpoints.count) | (token == nil ? 0 : 0x80) | (tunnel == nil ? 0 : 0x40))
    if let token { writer.bytes16(token) }
    for endpoint in endpoints { writer.endpoint(endpoint) }
    tunnel?.encode(into: &writer)
  }

  package init(from reader: inout Reader) throws(WireError) {
    let node = NodeID(try reader.bytes32())
    let flags = try reader.u8()
    let count = Int(flags & 0x3F)
    guard count <= Limits.endpointsPerContact else { throw .range }
    let token = flags & 0x80 == 0 ? nil : try reader.bytes16()
    var endpoints: [Endpoint] = []
    for _ in 0..<count { endpoints.append(try reader.endpoint()) }
    let tunnel = flags & 0x40 == 0 ? nil : try TunnelAddress(from: &reader)
    self.init(node: node, token: token, endpoints: endpoints, tunnel: tunnel)
  }
}
