// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Answers requests as a small web server does; it does not know that there is a secret path.
///
/// Times are those of nginx: 60 s for a request, 75 s until the next.
final class FrontDesk: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let site: Site
  private var request: HTTPRequestHead?
  private var end: Scheduled<Void>?
  private var bodyBytes = 0

  init(_ site: Site) { self.site = site }

  func handlerAdded(context: ChannelHandlerContext) { wait(Self.requestTime, context) }

  func handlerRemoved(context _: ChannelHandlerContext) { end?.cancel() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      wait(Self.requestTime, context)
      request = head
      bodyBytes = 0
      if let length = head.headers.first(name: "content-length").flatMap(Int.init),
        length > Self.longestBody
      {
        refuseBody(context)
      }
    case .body(let bytes):
      guard request != nil else { return }
      wait(Self.requestTime, context)
      bodyBytes += bytes.readableBytes
      if bodyBytes > Self.longestBody { refuseBody(context) }
    case .end:
      guard let request else { return }
      self.request = nil
      answer(request, context)
      if Self.asksForAnother(request) { readOn(context) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A WebSocket that is not let in goes on as a request.
    if error is NIOWebSocketUpgradeError { return }
    context.close(promise: nil)
  }

  private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let path = request.uri.prefix { $0 != "?" }
    guard request.version != .http1_1 || request.headers["host"].count == 1 else {
      return send(.badRequest, nil, request, context)
    }
    guard request.method == .GET || request.method == .HEAD else {
      return send(.methodNotAllowed, nil, request, context)
    }
    guard let file = site.file(path) else { return send(.notFound, nil, request, context) }
    let isKnown = request.headers["if-none-match"].contains(file.tag)
    send(isKnown ? .notModified : .ok, file, request, context)
  }

  /// Behind a request for another protocol, let in or not, the decoder reads no further; the bytes
  /// it holds go to the one after it.
  private func readOn(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.eventLoop.execute {
      let pipeline = bound.value.pipeline.syncOperations
      guard
        let spent = try? pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self),
        (try? pipeline.addHandler(Self.decoder(), position: .after(spent))) != nil
      else { return }
      pipeline.removeHandler(spent, promise: nil)
    }
  }

  static func decoder() -> ByteToMessageHandler<HTTPRequestDecoder> {
    ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
  }

  /// As the decoder sees it.
  private static func asksForAnother(_ request: HTTPRequestHead) -> Bool {
    guard request.method != .CONNECT else { return true }
    let connection = request.headers[canonicalForm: "connection"].map { $0.lowercased() }
    return connection.contains("upgrade") && !request.headers["upgrade"].isEmpty
  }

  private func refuseBody(_ context: ChannelHandlerContext) {
    guard var refused = request else { return }
    request = nil
    refused.headers.replaceOrAdd(name: "Connection", value: "close")
    send(.payloadTooLarge, nil, refused, context)
  }

  private func send(
    _ status: HTTPResponseStatus, _ file: Site.File?, _ request: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    let closes = !request.isKeepAlive || status == .badRequest
    let body = file?.bytes ?? Site.page("\(status.code) \(status.reasonPhrase)")
    var headers: HTTPHeaders = [:]
    if status != .notModified {
      headers.add(name: "Content-Type", value: file?.type ?? "text/html")
      headers.add(name: "Content-Length", value: "\(body.count)")
    }
    headers.add(name: "Connection", value: closes ? "close" : "keep-alive")
    if let file { headers.add(name: "ETag", value: file.tag) }
    if status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if status != .notModified, request.method != .HEAD {
      let buffer = context.channel.allocator.buffer(bytes: body)
      context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    }
    wait(Self.pauseTime, context)
    finish(closing: closes, context)
  }

  /// The next request is read when this answer is on its way: who asks without listening is
  /// answered once.
  private func finish(closing: Bool, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let flushed = context.eventLoop.makePromise(of: Void.self)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))), promise: flushed)
    context.flush()
    flushed.futureResult.whenSuccess {
      let (desk, context) = bound.value
      context.writeAndFlush(desk.wrapOutboundOut(.end(nil)), promise: nil)
      if closing { context.close(promise: nil) }
    }
  }

  private func wait(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    end?.cancel()
    let channel = context.channel
    end = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }

  private static let requestTime = TimeAmount.seconds(60)
  private static let pauseTime = TimeAmount.seconds(75)
  /// nginx's too.
  private static let longestBody = 1 << 20
}

/// Gives every answer the headers that servers add last; and a body to what the parser refused.
final class Dresser: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .head(var head) = unwrapOutboundIn(data), head.status != .switchingProtocols else {
      return context.write(data, promise: promise)
    }
    head.headers.add(name: "Date", value: Self.date(time(nil)))
    let isBare = head.status == .badRequest && head.headers.first(name: "content-length") == "0"
    guard isBare else { return context.write(wrapOutboundOut(.head(head)), promise: promise) }
    let body = Site.page("400 Bad Request")
    head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.count)")
    head.headers.add(name: "Content-Type", value: "text/html")
    context.write(wrapOutboundOut(.head(head)), promise: promise)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
  }

  /// RFC 9110 §5.6.7.
  static func date(_ seconds: time_t) -> String {
    var seconds = seconds
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = days[Int(parts.tm_wday) % 7]
    let month = months[Int(parts.tm_mon) % 12]
    return "\(day), \(two(parts.tm_mday)) \(month) \(parts.tm_year + 1_900) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
  }
}
