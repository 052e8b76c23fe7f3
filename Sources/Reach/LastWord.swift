// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// Ends connections as web servers do: says that it is over, then reads for a while what still
/// comes, and closes.
///
/// A kernel with unread bytes says RST where it would have said FIN, and tells a long probe from a
/// short one (Frolov, Wampler and Wustrow, NDSS 2020).
final class LastWord: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How many connections of a server end slowly; the others end at once.
  final class Room: Sendable {
    private let taken = Atomic(0)

    func enter() -> Bool {
      guard taken.add(1, ordering: .relaxed).newValue <= LastWord.most else {
        leave()
        return false
      }
      return true
    }

    func leave() { taken.subtract(1, ordering: .relaxed) }
  }

  private let room: Room
  private var isEnding = false
  private var end: Scheduled<Void>?

  init(_ room: Room) { self.room = room }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .all, !isEnding, context.channel.isActive, room.enter() else {
      return context.close(mode: mode, promise: promise)
    }
    isEnding = true
    context.flush()
    context.close(mode: .output, promise: nil)
    promise?.succeed(())
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    end = context.eventLoop.scheduleTask(in: Self.patience) {
      bound.value.close(mode: .all, promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !isEnding { context.fireChannelRead(data) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Whoever says no more wants no more.
    if event as? ChannelEvent == .inputClosed {
      return context.close(mode: .all, promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end?.cancel()
    if isEnding { room.leave() }
    isEnding = false
    context.fireChannelInactive()
  }

  /// As nginx's `lingering_timeout`.
  private static let patience = TimeAmount.seconds(5)
  /// A flood of strangers must not wait here instead of at the door. A guess.
  static let most = 128
}
