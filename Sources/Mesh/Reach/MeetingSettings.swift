/// Members that are brought together because routers keep them apart.
package struct MeetingSettings: Sendable {
  /// A call that is not answered for so long needs help, and help that does not come for so long
  /// is asked of others. A guess: a handshake from one continent to another takes 300 ms.
  package var patience: Duration = .milliseconds(500)
  /// Neighbours asked at once, and how often others are. Guesses: of nine, one has a link to any
  /// member of a room of a hundred in two of three cases, and those that all can call in most.
  package var asked = 3
  package var rounds = 3
  /// Meetings of one neighbour, at once and then one in each pause. Guesses: a newcomer looks for
  /// six neighbours and as many parents, and each answer counts too.
  package var ofLink = 24
  package var pauseOfLink: Duration = .milliseconds(250)
  /// Dials for others' sake, in all. A guess: each is at most four datagrams to each of four
  /// addresses, 6 kB.
  package var favours = 16
  package var favourPause: Duration = .milliseconds(250)

  package init() {}
}
