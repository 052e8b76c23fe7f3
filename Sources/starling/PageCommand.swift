import ArgumentParser
import Node
import Page

/// `starling page`: what to open in a browser.
struct PageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "page",
    abstract: "Print the link that opens the node's page in a browser.",
    discussion: """
      Whoever has the link can use the node from this machine. It stays the same until the file \
      page-key in the data directory is removed and the node started again.
      """)

  @OptionGroup var node: NodeChoice

  func run() throws {
    let settings = try node.settings()
    guard let link = try PageServer.savedLink(folder: settings.data) else {
      throw Failure(.noNode, "No page is being served. Start the node with: starling up")
    }
    Terminal.say(link)
  }
}
