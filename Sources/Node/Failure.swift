/// Something a person has to know about, as one sentence that says what to do, and the kind that
/// decides the exit code of the command.
package struct Failure: Error, Hashable, Sendable {
  /// The raw values are exit codes, documented in `starling --help`; 0 is success.
  package enum Kind: Int32, Sendable, CaseIterable {
    /// Something outside went wrong: a file, a device, the network.
    case failed = 1
    /// The command line, a link, or a file given to it is not what it should be.
    case usage = 2
    /// No node is running.
    case noNode = 3
    /// The node answered no.
    case refused = 4
    /// The node cannot start with these settings, this identity or this port.
    case setup = 5
  }

  package let kind: Kind
  package let sentence: String

  package init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.sentence = sentence
  }
}
