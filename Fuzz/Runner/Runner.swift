import Fuzzing
import Glibc

// What libFuzzer, whose own `main` this program has, calls. Which target it is about is said by
// STARLING_FUZZ_TARGET; with STARLING_FUZZ_SEEDS set to a folder, the inputs to begin with are
// written there instead. `scripts/fuzz` does all of it.

nonisolated(unsafe) private var target = FuzzTarget.messages

@_cdecl("LLVMFuzzerInitialize")
package func prepare(
  _ count: UnsafeMutablePointer<Int32>?, _ arguments: UnsafeMutableRawPointer?
) -> Int32 {
  guard let name = getenv("STARLING_FUZZ_TARGET"),
    let chosen = FuzzTarget(rawValue: String(cString: name))
  else {
    say("STARLING_FUZZ_TARGET is one of: \(FuzzTarget.allCases.map(\.rawValue))")
    exit(64)
  }
  target = chosen
  if let folder = getenv("STARLING_FUZZ_SEEDS") { exit(writeSeeds(to: String(cString: folder))) }
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
package func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  do throws(Finding) {
    try target.run(Array(UnsafeBufferPointer(start: start, count: count)))
  } catch {
    say("finding: \(error.description)")
    abort()
  }
  return 0
}

private func writeSeeds(to folder: String) -> Int32 {
  for (name, bytes) in target.seeds {
    guard let file = fopen("\(folder)/\(name)", "w") else { return 74 }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
  return 0
}

private func say(_ text: String) {
  let line = Array((text + "\n").utf8)
  _ = write(STDERR_FILENO, line, line.count)
}
