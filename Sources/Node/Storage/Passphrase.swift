import CLinux
import Glibc
import Keys

/// Where the passphrase comes from.
///
/// The bytes are lent and wiped, never kept.
package enum Passphrase: Hashable, Sendable {
  /// The first line of a file that only its owner can read.
  case file(String)
  /// The first line of an open descriptor, as a service manager passes it on.
  case descriptor(Int32)
  /// Asked for at the terminal.
  case terminal
  /// There is nobody to ask.
  case none

  /// What these settings mean.
  ///
  /// Without any, a person at a terminal is asked.
  package init(file: String?, environment: [String: String]) {
    if let file {
      self = .file(file)
    } else if let number = environment[Self.variable].flatMap({ Int32($0) }) {
      self = .descriptor(number)
    } else {
      self = isatty(STDIN_FILENO) == 1 ? .terminal : .none
    }
  }

  /// Lends the passphrase to `body`.
  ///
  /// A new one is asked for twice.
  package func use<Result: ~Copyable>(
    new: Bool, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var bytes = try read(prompt: new ? "New passphrase: " : "Passphrase: ")
    defer { Sodium.wipe(&bytes) }
    guard !bytes.isEmpty else { throw Failure(.setup, "The passphrase is empty.") }
    if new, self == .terminal {
      var again = try read(prompt: "Once more: ")
      defer { Sodium.wipe(&again) }
      guard again == bytes else { throw Failure(.setup, "The two passphrases differ.") }
    }
    return try body(bytes.span)
  }

  private func read(prompt: String) throws(Failure) -> [UInt8] {
    do {
      switch self {
      case .file(let path):
        if let mode = StoredFile.mode(path), mode & 0o077 != 0 {
          throw Failure(
            .setup, "\(path) holds a passphrase and others can read it. Run: chmod 600 \(path)")
        }
        return firstLine(try StoredFile.read(path, limit: Self.longest))
      case .descriptor(let number):
        return firstLine(try StoredFile.read(number, limit: Self.longest))
      case .terminal:
        return try Self.ask(prompt)
      case .none:
        throw Failure(
          .setup,
          """
          The identity needs a passphrase and there is no terminal to ask at. Set passphrase-file, \
          pass a descriptor in \(Self.variable), or choose --unprotected for a new identity.
          """)
      }
    } catch let error as SystemError {
      throw Failure(.setup, "The passphrase cannot be read: \(error.sentence).")
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.setup, "The passphrase cannot be read.")
    }
  }

  private func firstLine(_ bytes: consuming [UInt8]) -> [UInt8] {
    var bytes = bytes
    defer { Sodium.wipe(&bytes) }
    return Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
  }

  private static func ask(_ prompt: String) throws(SystemError) -> [UInt8] {
    let terminal = Descriptor(open("/dev/tty", O_RDWR | O_CLOEXEC))
    guard terminal.raw >= 0 else { throw .last }
    var before = termios()
    guard tcgetattr(terminal.raw, &before) == 0 else { throw .last }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(terminal.raw, TCSAFLUSH, &silent)
    defer { tcsetattr(terminal.raw, TCSAFLUSH, &before) }
    try StoredFile.write(Array(prompt.utf8), to: terminal.raw)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(longest)
    var byte: UInt8 = 0
    while bytes.count < longest, Glibc.read(terminal.raw, &byte, 1) == 1,
      byte != UInt8(ascii: "\n")
    {
      bytes.append(byte)
    }
    try StoredFile.write([UInt8(ascii: "\n")], to: terminal.raw)
    return bytes
  }

  /// Names an open descriptor that holds the passphrase.
  package static let variable = "STARLING_PASSPHRASE_FD"
  /// Longer than anybody types.
  private static let longest = 1_024
}
