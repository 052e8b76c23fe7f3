// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Wire

/// The end towards the other node: whole messages in both directions, an empty one being a sign of
/// life alone.
final class MessageSide: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let tunnel: Tunnel
  private var schedule = SendSchedule()
  private var tick: Scheduled<Void>?
  private var pulse: Scheduled<Void>?
  /// Pulses since anything was heard.
  private var unheard = 0

  init(_ tunnel: Tunnel) { self.tunnel = tunnel }

  func handlerAdded(context: ChannelHandlerContext) {
    tunnel.take = { [weak self] datagram in self?.take(datagram, context) }
    tunnel.note { $0.tunnels += 1 }
    planPulse(context)
  }

  func handlerRemoved(context _: ChannelHandlerContext) {
    tick?.cancel()
    pulse?.cancel()
    tunnel.take = nil
    tunnel.note { $0.tunnels -= 1 }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let message = unwrapInboundIn(data)
    unheard = 0
    if message.readableBytes > 0 { receive(message, context) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    tunnel.local?.flush()
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error _: any Error) {
    context.close(promise: nil)
  }

  /// From the node, to be sent when its time has come.
  private func take(_ datagram: ByteBuffer, _ context: ChannelHandlerContext) {
    let left = schedule.offer(datagram)
    if left > 0 { tunnel.note { $0.datagramsDropped += left } }
    if tick == nil, schedule.isRunning { planTick(.now(), context) }
  }

  private func receive(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
    let bytes = Array(message.readableBytesView)
    guard let parts = try? TunnelMessage.datagrams(in: bytes.span) else {
      return context.close(promise: nil)
    }
    guard let local = tunnel.local, !parts.isEmpty else { return }
    // The kernel takes datagrams for this machine at once, or is short of memory.
    guard local.channel.isWritable else {
      return tunnel.note { $0.datagramsDropped += parts.count }
    }
    for part in parts {
      guard
        let datagram = message.getSlice(
          at: message.readerIndex + part.lowerBound, length: part.count)
      else { continue }
      local.write(NIOAny(datagram), promise: nil)
    }
    tunnel.note { $0.datagramsReceived += parts.count }
  }

  /// At a fixed rate, or a queue would grow by what every tick is late; after a stall the lost
  /// ones are not made up for.
  private func planTick(_ time: NIODeadline, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    tick = context.eventLoop.scheduleTask(deadline: time) {
      let (side, context) = bound.value
      side.tick = nil
      if side.sendDue(context) {
        let next = time + SendSchedule.tick
        side.planTick(next < .now() ? .now() + SendSchedule.tick : next, context)
      }
    }
  }

  /// False when the schedule ends.
  private func sendDue(_ context: ChannelHandlerContext) -> Bool {
    guard context.channel.isActive else { return false }
    guard context.channel.isWritable else {
      let old = schedule.hold()
      tunnel.note {
        $0.ticksHeld += 1
        $0.datagramsDropped += old
      }
      return true
    }
    let (message, datagrams, old) = schedule.next()
    if old > 0 { tunnel.note { $0.datagramsDropped += old } }
    guard let message else { return schedule.isRunning }
    send(message, context)
    tunnel.note {
      $0.messagesSent += 1
      $0.bytesSent += message.readableBytes
      $0.datagramsSent += datagrams
    }
    return true
  }

  private func planPulse(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let pause = TimeAmount.milliseconds(Int64.random(in: Self.pulsePause))
    pulse = context.eventLoop.scheduleTask(in: pause) { bound.value.0.beat(bound.value.1) }
  }

  /// Keeps translators and servers on the way from forgetting an idle line, and ends one that is
  /// dead.
  private func beat(_ context: ChannelHandlerContext) {
    unheard += 1
    guard unheard <= Self.mostUnheard else { return context.close(promise: nil) }
    if tunnel.end == .inside, !schedule.isRunning { send(ByteBuffer(), context) }
    planPulse(context)
  }

  private func send(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(message), promise: nil)
  }

  /// Milliseconds. Below a minute, after which common web servers and translators give up.
  private static let pulsePause: ClosedRange<Int64> = 15_000...45_000
  /// Pulses without a word: a minute at least, and the other end sends one every 45 s.
  private static let mostUnheard = 4
}
