import ArgumentParser
import CLinux
import Glibc
import Node

/// Which node a command talks to, where there are several on one machine.
struct NodeChoice: ParsableArguments {
  @Option(help: "Control socket of the node.")
  var control: String?

  @Option(help: "Data directory of the node, when it is not the usual one.")
  var data: String?

  /// The same settings as the node reads decide where its socket is.
  func path() throws(Failure) -> String {
    if let control { return control }
    return try settings().control
  }

  func settings() throws(Failure) -> Configuration {
    var flags: Configuration.Layer = [:]
    if let data { flags[.data] = .text(data) }
    return try Configuration(
      flags: flags, environment: Self.environment, file: nil,
      places: Places(environment: Self.environment))
  }

  func connect() throws(Failure) -> ControlConnection {
    try ControlConnection(path: try path())
  }

  /// Asks one thing.
  func ask<Reply: Decodable>(
    _ request: ControlRequest, for reply: Reply.Type
  ) throws(Failure) -> Reply {
    var connection = try connect()
    return try connection.ask(request, for: reply)
  }

  /// The process' environment, read once.
  static let environment: [String: String] = {
    var variables: [String: String] = [:]
    var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = environ
    while let pointer = entry?.pointee {
      let text = String(cString: pointer)
      if let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      entry = entry?.advanced(by: 1)
    }
    return variables
  }()
}
