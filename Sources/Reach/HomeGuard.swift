// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Ends a connection that led to this machine, or to an address that is valid on one cable only,
/// before a byte is sent: nobody else may make this node talk to what listens there.
final class HomeGuard: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { look(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    guard look(context) else { return }
    context.fireChannelActive()
  }

  /// Whether the other end is somewhere else.
  @discardableResult
  private func look(_ context: ChannelHandlerContext) -> Bool {
    guard let address = context.channel.remoteAddress, !Self.isHome(address) else {
      context.close(promise: nil)
      return false
    }
    return true
  }

  /// Of a host that is an address; names are looked at when it is known where they lead.
  static func isHome(host: String) -> Bool {
    (try? SocketAddress(ipAddress: host, port: 0)).map(isHome) ?? (host == "localhost")
  }

  /// Loopback, unspecified (which means loopback) and link-local addresses.
  static func isHome(_ address: SocketAddress) -> Bool {
    guard let text = address.ipAddress else { return true }
    switch address.protocol {
    case .inet:
      return ["127.", "0.", "169.254."].contains { text.hasPrefix($0) }
    case .inet6:
      let mapped = text.lowercased()
      if mapped.hasPrefix("::ffff:"), let inner = mapped.split(separator: ":").last {
        return ["127.", "0.", "169.254."].contains { inner.hasPrefix($0) }
      }
      return mapped == "::" || mapped == "::1"
        || ["fe8", "fe9", "fea", "feb"].contains { mapped.hasPrefix($0) }
    default: return true
    }
  }
}
