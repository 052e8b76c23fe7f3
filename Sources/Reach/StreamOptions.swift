// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// How the TCP connection of a tunnel is set.
enum StreamOptions {
  /// What may wait in this program before ticks are skipped: next to nothing, for the kernel takes
  /// what it has room for at once.
  static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 1, high: 1_024)

  /// For a connection that carries sound: little waits in the kernel, for what waits is too late,
  /// and a dead line ends soon.
  static func live(_ channel: any Channel) -> EventLoopFuture<Void> {
    let options: [(CInt, Int)] = [(notSentLowAt, notSentBytes), (userTimeout, deadAfter)]
    let set = options.map { name, value in
      channel.setOption(.tcpOption(.init(rawValue: name)), value: value)
    }
    // Where the kernel knows no such option the tunnel is slower to notice, that is all.
    return EventLoopFuture.whenAllComplete(set, on: channel.eventLoop).map { _ in }
  }

  /// TCP_NOTSENT_LOWAT of tcp(7).
  private static let notSentLowAt: CInt = 25
  /// As little as holds one of the largest messages: on a slow line each waiting kilobyte is an
  /// eighth of a second at 64 kbit/s.
  private static let notSentBytes = 4_096
  /// TCP_USER_TIMEOUT of tcp(7), in milliseconds. A guess: sound has long gone elsewhere.
  private static let userTimeout: CInt = 18
  private static let deadAfter = 15_000
}
