// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOWebSocket
import Node

/// Hands out the page's files; to a new device that shows the code, its token; and nothing else.
final class Reception: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let gate: Gate
  /// Nil where no device is paired: on this machine.
  private let devices: Devices?
  private var request: HTTPRequestHead?
  private var body: [UInt8] = []

  init(_ gate: Gate, _ devices: Devices?) {
    self.gate = gate
    self.devices = devices
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      request = head
      body = []
    case .body(let bytes):
      guard body.count + bytes.readableBytes <= Self.longestBody else {
        request = nil
        return context.close(promise: nil)
      }
      body.append(contentsOf: bytes.readableBytesView)
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
    if path == Gate.pairingPath, request.method == .POST, let devices {
      return pair(devices, request, context)
    }
    guard request.method == .GET || request.method == .HEAD else {
      return send(.methodNotAllowed, nil, request, context)
    }
    guard let asset = Asset.all[String(path)] else {
      return send(.notFound, nil, request, context)
    }
    let isKnown = request.headers["if-none-match"].contains(asset.tag)
    send(isKnown ? .notModified : .ok, asset, request, context)
  }

  /// What a new device says.
  private struct Asking: Codable {
    var code: String
    var name: String?
  }

  /// Why it is not let in; `Devices.Refusal` in words for programs.
  private struct No: Codable {
    var code: Devices.Refusal
  }

  /// A foreign page that could post here would use up the tries of the code.
  private func pair(
    _ devices: Devices, _ request: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    guard gate.isOurs(request), let asking = Line.decode(body, as: Asking.self) else {
      return send(.forbidden, nil, request, context)
    }
    do throws(Devices.Refusal) {
      let pass = try devices.pair(asking.code, name: asking.name ?? "")
      send(.ok, Line.encode(pass), Self.json, request, context)
    } catch {
      send(.forbidden, Line.encode(No(code: error)), Self.json, request, context)
    }
  }

  private func send(
    _ status: HTTPResponseStatus, _ asset: Asset?, _ request: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    var headers: HTTPHeaders = [:]
    if let asset {
      headers.add(name: "Content-Type", value: asset.type)
      headers.add(name: "ETag", value: asset.tag)
    }
    send(status, status == .ok ? asset?.bytes ?? [] : [], headers, request, context)
  }

  private func send(
    _ status: HTTPResponseStatus, _ body: [UInt8], _ more: HTTPHeaders,
    _ request: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    var headers = Self.headers
    if status != .notModified { headers.add(name: "Content-Length", value: "\(body.count)") }
    headers.add(contentsOf: more)
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

  private static let json: HTTPHeaders = ["Content-Type": "application/json; charset=utf-8"]
  private static let longestBody = 1_024
}
