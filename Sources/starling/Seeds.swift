import ArgumentParser
import CLinux
import Glibc
import Keys
import Mesh
import Node
import Wire

/// `starling seeds`: making and checking seed lists.
struct Seeds: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make, check and sign seed lists.",
    discussion: """
      A seed list is a text of peer addresses with a minisign signature beside it; the ordinary \
      minisign tool can make and check the signature too.

      EXAMPLE
        starling seeds keygen -o seeds.key
        starling seeds make --key seeds.key --days 30 -o seeds.txt starling://…
        starling seeds sign seeds.txt --key second.key
        starling seeds check seeds.txt --key RWQ…
        starling seeds add /media/stick/seeds.txt
      """,
    subcommands: [KeyGen.self, Make.self, Sign.self, Check.self, Add.self])

  /// The command `starling seeds keygen`.
  struct KeyGen: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "keygen", abstract: "Make a key that signs seed lists.",
      discussion: """
        The secret key goes to the file, unencrypted and readable by you alone; the public key, \
        which belongs into seed-keys, is printed and written beside it with .pub behind.

        EXAMPLE
          starling seeds keygen -o seeds.key
        """)

    @Option(name: .shortAndLong, help: "File for the secret key.")
    var output: String

    func run() throws {
      if StoredFile.exists(output) {
        throw Failure(.usage, "\(output) exists already; a key is not overwritten.")
      }
      try Sodium.start()
      var entropy = Entropy.system
      let pair = try MinisignPair(random: &entropy)
      var secret = pair.secretKeyFile()
      defer { Sodium.wipe(&secret) }
      try Seeds.write(secret, to: output, mode: 0o600)
      try Seeds.write(Array(pair.publicKey.text.utf8), to: output + ".pub", mode: 0o644)
      Terminal.say(pair.publicKey.line)
    }
  }

  /// The command `starling seeds make`.
  struct Make: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a seed list, and sign it.",
      discussion: """
        EXAMPLE
          starling seeds make --key seeds.key --days 30 -o seeds.txt starling://…
        """)

    @Option(name: .shortAndLong, help: "File for the list; the signature goes beside it.")
    var output: String
    @Option(help: "Secret key file without password; without one the list is not signed.")
    var key: String?
    @Option(help: "Days until the list expires.")
    var days = 30
    @Option(help: "Number of the list; nodes never go back to a lower one.")
    var version: UInt32 = 0
    @Argument(help: "Peer addresses.")
    var addresses: [String]

    func validate() throws {
      guard (1...3_650).contains(days) else {
        throw ValidationError("A list is good for 1 to 3650 days.")
      }
    }

    func run() throws {
      try Sodium.start()
      let parsed = try addresses.map { text in
        guard let address = try? PeerAddress(text: text) else {
          throw Failure(.usage, "\"\(text)\" is not a peer address (starling://key@host:port).")
        }
        return address
      }
      let expires = Clock().now.milliseconds + UInt64(days) * 86_400_000
      let text = Array(SeedList(version: version, expires: expires, addresses: parsed).text.utf8)
      let signature = try key.map { try Self.sign(text, keyFile: $0, expires: expires) }
      try Seeds.write(text, to: output, mode: 0o644)
      if let signature {
        try Seeds.write(Array(signature.text.utf8), to: output + ".minisig", mode: 0o644)
      }
    }

    fileprivate static func sign(
      _ text: [UInt8], keyFile path: String, expires: UInt64
    ) throws -> MinisignSignature {
      guard var secret = try? StoredFile.read(path, limit: 4_096) else {
        throw Failure(.failed, "\(path) cannot be read.")
      }
      defer { Sodium.wipe(&secret) }
      guard let pair = try? MinisignPair(secretKeyFile: secret) else {
        throw Failure(.usage, "\(path) is not a minisign secret key without password.")
      }
      return pair.sign(text, trustedComment: "starling seeds, expires \(UTC.text(expires))")
    }
  }

  /// The command `starling seeds sign`.
  struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add one more signature to a list.",
      discussion: """
        Where a node knows three keys or more, two of them must have signed.

        EXAMPLE
          starling seeds sign seeds.txt --key second.key
        """)

    @Argument(help: "The list.")
    var list: String
    @Option(help: "Secret key file without password.")
    var key: String

    func run() throws {
      try Sodium.start()
      guard let text = try? StoredFile.read(list, limit: SeedList.largest),
        let seeds = try? SeedList(text: String(decoding: text, as: UTF8.self))
      else { throw Failure(.usage, "\(list) is no seed list.") }
      let signature = try Make.sign(text, keyFile: key, expires: seeds.expires)
      let path = list + ".minisig"
      let before = (try? StoredFile.read(path, limit: 4_096)) ?? []
      try Seeds.write(before + Array(signature.text.utf8), to: path, mode: 0o644)
    }
  }

  /// The command `starling seeds add`.
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a list from a stick, for a node to begin with.",
      discussion: """
        It is checked against seed-keys of the settings and kept in the data directory.

        EXAMPLE
          starling seeds add /media/stick/seeds.txt
        """)

    @Option(help: "Settings file.")
    var configuration: String?
    @Option(help: "Data directory.")
    var data: String?
    @Argument(help: "The list; its signature lies beside it.")
    var list: String

    func run() throws {
      try Sodium.start()
      let environment = NodeChoice.environment
      let settings = try Configuration(
        flags: data.map { [.data: .text($0)] } ?? [:], environment: environment,
        file: configuration, places: Places(environment: environment))
      let keys = settings.seedKeys.compactMap { try? MinisignKey(text: $0) }
      guard let text = try? StoredFile.read(list, limit: SeedList.largest),
        let signature = try? StoredFile.read(list + ".minisig", limit: 4_096)
      else { throw Failure(.failed, "\(list) or its signature cannot be read.") }
      do throws(SeedListError) {
        let seeds = try SeedShelf(folder: settings.data, paths: [], keys: keys)
          .keep(text: text, signature: signature, now: Clock().now.milliseconds)
        Terminal.say("\(list): \(seeds.addresses.count) peers, until \(UTC.text(seeds.expires))")
      } catch {
        throw Failure(.usage, "\(list) \(error.sentence).")
      }
    }
  }

  /// The command `starling seeds check`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check signature, form and expiry of a seed list.",
      discussion: """
        EXAMPLE
          starling seeds check seeds.txt --key RWQ…
        """)

    @Argument(help: "The list.")
    var list: String
    @Option(help: "Public key that must have signed it; may be repeated.")
    var key: [String]
    @Option(help: "Signature file, when it is not beside the list.")
    var signature: String?

    func run() throws {
      try Sodium.start()
      let keys = try key.map { line in
        guard let key = try? MinisignKey(text: line) else {
          throw Failure(.usage, "\"\(line)\" is not a minisign public key.")
        }
        return key
      }
      do throws(SeedListError) {
        let seeds = try SeedList.open(
          path: list, signaturePath: signature, keys: keys, now: Clock().now.milliseconds)
        Terminal.say("\(list): \(seeds.addresses.count) peers, until \(UTC.text(seeds.expires))")
      } catch {
        throw Failure(error == .unreadable ? .failed : .usage, "\(list) \(error.sentence).")
      }
    }
  }

  fileprivate static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(Failure) {
    do throws(SystemError) {
      try StoredFile.write(bytes, to: path, mode: mode)
    } catch {
      throw Failure(.failed, "\(path) cannot be written: \(error.sentence).")
    }
  }
}
