// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Wire

/// A SOCKS5 proxy (RFC 1928), or what a pluggable transport offers in its place.
package struct SocksProxy: Hashable, Sendable {
  package let host: String
  package let port: UInt16
  /// As RFC 1929 has them; each 1 to 255 bytes.
  package let user: [UInt8]
  package let password: [UInt8]

  package init(host: String, port: UInt16, user: [UInt8] = [], password: [UInt8] = []) {
    self.host = host
    self.port = port
    self.user = user
    self.password = password
  }

  /// `socks5://[user:password@]host:port`.
  package init?(text: String) {
    guard text.hasPrefix(Self.scheme) else { return nil }
    var place = text.utf8.dropFirst(Self.scheme.utf8.count)
    var (user, password): ([UInt8], [UInt8]) = ([], [])
    if let at = place.lastIndex(of: UInt8(ascii: "@")) {
      let parts = place[..<at].split(
        separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, (1...255).contains(parts[0].count),
        (1...255).contains(parts[1].count)
      else { return nil }
      (user, password) = (Array(parts[0]), Array(parts[1]))
      place = place[place.index(after: at)...]
    }
    guard let (host, port) = try? PeerAddress.hostAndPort(place) else { return nil }
    self.init(host: host, port: port, user: user, password: password)
  }

  /// As a pluggable transport is told of it (`TOR_PT_PROXY`).
  package var text: String {
    let name =
      user.isEmpty
      ? ""
      : String(decoding: user, as: UTF8.self) + ":" + String(decoding: password, as: UTF8.self)
        + "@"
    return Self.scheme + name + (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
  }

  /// The same with the arguments of one call: in the name, and in the password what the name does
  /// not hold (pt-spec §3.5).
  package func telling(_ arguments: String) -> SocksProxy {
    let bytes = Array(arguments.utf8)
    guard !bytes.isEmpty else { return SocksProxy(host: host, port: port) }
    let rest = Array(bytes.dropFirst(255))
    return SocksProxy(
      host: host, port: port, user: Array(bytes.prefix(255)), password: rest.isEmpty ? [0] : rest)
  }

  private static let scheme = "socks5://"
}

/// Asks a SOCKS5 proxy for a connection; the name is resolved there and nowhere else. When it is
/// there, this handler is gone and the bytes are the other side's.
final class SocksCall: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Step { case greeting, name, connection, over }

  private let proxy: SocksProxy
  private let host: String
  private let port: UInt16
  private let done: EventLoopPromise<Void>
  private var step = Step.greeting
  private var waiting = ByteBuffer()

  /// `done` fails with ``ReachError/refused`` when the proxy does not do it.
  init(_ proxy: SocksProxy, host: String, port: UInt16, done: EventLoopPromise<Void>) {
    self.proxy = proxy
    self.host = host
    self.port = port
    self.done = done
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { greet(context) }
  }

  func channelActive(context: ChannelHandlerContext) { greet(context) }

  func channelInactive(context: ChannelHandlerContext) {
    done.fail(ReachError.unreachable)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    done.fail(error)
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    waiting.writeBuffer(&bytes)
    while step != .over, read(context) {}
  }

  /// Whether a whole answer was there.
  private func read(_ context: ChannelHandlerContext) -> Bool {
    switch step {
    case .greeting:
      guard waiting.readableBytes >= 2, let answer = waiting.readBytes(length: 2) else {
        return false
      }
      guard answer == [Self.version, method] else { return refuse(context) }
      if method == Self.byName { sayName(context) } else { ask(context) }
    case .name:
      guard waiting.readableBytes >= 2, let answer = waiting.readBytes(length: 2) else {
        return false
      }
      guard answer[1] == 0 else { return refuse(context) }
      ask(context)
    case .connection: return readConnection(context)
    case .over: return false
    }
    return true
  }

  /// Version, result, zero, and an address that says nothing to us.
  private func readConnection(_ context: ChannelHandlerContext) -> Bool {
    guard let head = waiting.getBytes(at: waiting.readerIndex, length: 5) else { return false }
    guard head[0] == Self.version, head[1] == 0 else { return refuse(context) }
    let address: Int
    switch head[3] {
    case Self.ipv4: address = 4
    case Self.ipv6: address = 16
    case Self.name: address = 1 + Int(head[4])
    default: return refuse(context)
    }
    guard waiting.readableBytes >= 4 + address + 2 else { return false }
    waiting.moveReaderIndex(forwardBy: 4 + address + 2)
    step = .over
    let rest = waiting
    let next = context
    let done = done
    // First the ones behind this handler, so that none of what comes passes them by.
    done.succeed(())
    if rest.readableBytes > 0 { next.fireChannelRead(wrapInboundOut(rest)) }
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
    return false
  }

  private func refuse(_ context: ChannelHandlerContext) -> Bool {
    step = .over
    done.fail(ReachError.refused)
    context.close(promise: nil)
    return false
  }

  private func greet(_ context: ChannelHandlerContext) {
    say([Self.version, 1, method], context)
  }

  private func sayName(_ context: ChannelHandlerContext) {
    step = .name
    say(
      [1, UInt8(clamping: proxy.user.count)] + proxy.user.prefix(255)
        + [UInt8(clamping: proxy.password.count)] + proxy.password.prefix(255), context)
  }

  private func ask(_ context: ChannelHandlerContext) {
    step = .connection
    var bytes: [UInt8] = [Self.version, 1, 0]
    if let address = try? SocketAddress(ipAddress: host, port: 0) {
      bytes += Self.raw(address)
    } else {
      bytes += [Self.name, UInt8(clamping: host.utf8.count)] + Array(host.utf8.prefix(255))
    }
    say(bytes + [UInt8(port >> 8), UInt8(port & 0xFF)], context)
  }

  private static func raw(_ address: SocketAddress) -> [UInt8] {
    let all = address.withSockAddr { start, count in
      [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
    // sockaddr_in holds the address behind family and port, sockaddr_in6 behind the flow too.
    return address.protocol == .inet
      ? [ipv4] + all.dropFirst(4).prefix(4) : [ipv6] + all.dropFirst(8).prefix(16)
  }

  private func say(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
  }

  private var method: UInt8 { proxy.user.isEmpty ? 0 : Self.byName }

  private static let version: UInt8 = 5
  private static let byName: UInt8 = 2
  private static let (ipv4, name, ipv6): (UInt8, UInt8, UInt8) = (1, 3, 4)
}
