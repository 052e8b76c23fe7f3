// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Hands out the page's files and nothing else.
final class Reception: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let gate: Gate
  private var request: HTTPRequestHead?
  private var bodyBytes = 0

  init(_ gate: Gate) { self.gate = gate }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      request = head
      bodyBytes = 0
    case .body(let bytes):
      bodyBytes += bytes.readableBytes
      // Nothing here takes a body.
      if bodyBytes > Self.longestBody { context.close(promise: nil) }
    case .end:
      guard let request else { return }
      self.request = nil
      answer(request, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A WebSocket that is not admitted goes on as a request, which is refused in words.
    if error is NIOWebSocketUpgradeError { return }
    context.close(promise: nil)
  }

  private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let path = request.uri.prefix { $0 != "?" }
    guard gate.knows(request) else {
      return send(.misdirectedRequest, nil, request, context)
    }
    guard path != Gate.path else { return send(.forbidden, nil, request, context) }
    guard request.method == .GET || request.method == .HEAD else {
      return send(.methodNotAllowed, nil, request, context)
    }
    guard let asset = Asset.all[String(path)] else {
      return send(.notFound, nil, request, context)
    }
    let isKnown = request.headers["if-none-match"].contains(asset.tag)
    send(isKnown ? .notModified : .ok, asset, request, context)
  }

  private func send(
    _ status: HTTPResponseStatus, _ asset: Asset?, _ request: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    var headers = Self.headers
    let body = status == .ok ? asset?.bytes ?? [] : []
    if status != .notModified { headers.add(name: "Content-Length", value: "\(body.count)") }
    if let asset {
      headers.add(name: "Content-Type", value: asset.type)
      headers.add(name: "ETag", value: asset.tag)
    }
    if status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
    if !request.isKeepAlive { headers.add(name: "Connection", value: "close") }
    let head = HTTPResponseHead(version: request.version, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !body.isEmpty, request.method != .HEAD {
      let buffer = context.channel.allocator.buffer(bytes: body)
      context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    }
    let channel = context.channel
    let closes = !request.isKeepAlive
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      if closes { channel.close(promise: nil) }
    }
  }

  /// Scripts, styles and connections from here alone; no frame around the page, nothing guessed
  /// about types, nothing told to others; no HTML made from strings.
  private static let headers: HTTPHeaders = [
    "Content-Security-Policy": [
      "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
      "connect-src 'self'", "worker-src 'self'", "manifest-src 'self'", "media-src 'self'",
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
      "require-trusted-types-for 'script'", "trusted-types starling",
    ].joined(separator: "; "),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy":
      "microphone=(self), camera=(self), screen-wake-lock=(self), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
  ]

  private static let longestBody = 1_024
}
