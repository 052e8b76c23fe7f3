import Testing

@Suite
struct LexerTests {
  private func code(_ text: String) -> String { Lexer(text).code }

  @Test func commentsAreNotCode() {
    #expect(code("a // try!\nb") == "a" + String(repeating: " ", count: 8) + "\nb")
    #expect(code("a /* x /* y */ z */ b").filter { $0 != " " } == "ab")
    #expect(Lexer("a // why").comments == "  // why")
  }

  @Test func stringsAreBlankButTheirInterpolationsAreCode() {
    #expect(code(#"f("as! \(x as! Y) as!")"#).contains("(x as! Y)"))
    #expect(code(#"f("as! \(g("as!")) ")"#).contains("as!") == false)
    #expect(code(##"f(#"a " \(as!) "#)"##).contains("as!") == false)
    #expect(code("\"\"\"\n as! \" \n\"\"\" as! B").hasSuffix("as! B"))
    #expect(code(#"f("\"", as! B)"#).contains("as! B"))
  }

  @Test func aCommentMarkInAStringIsNoComment() {
    #expect(code(#"a("https://x") as! B"#).hasSuffix("as! B"))
    #expect(Lexer(#"a("// why")"#).comments.allSatisfy { $0 == " " })
  }

  @Test func lineBreaksStayWhereTheyWere() {
    let text = "a\n\"\"\"\nb\n\"\"\"\n/* c\n d */ e\n"
    let lexer = Lexer(text)
    #expect(lexer.code.filter(\.isNewline).count == 6)
    #expect(lexer.comments.filter(\.isNewline).count == 6)
  }

  @Test func anUnfinishedStringOrCommentEndsWithItsText() {
    #expect(code("a \"b\nc") == "a \" \nc")
    #expect(code("a /* b").count == 6)
    #expect(code(#"a "\"#).count == 4)
    #expect(code(#"a "\("#).count == 5)
  }

  @Test func functionsAreMeasuredFromNameToClosingBrace() {
    let text = """
      struct S {
        init(a: Int) { self.a = a }
        func f(
          g: () -> Int = { 1 }
        ) -> Int
        where S: P {
          if a { return 1 }
          return 2
        }
        deinit { b() }
        func h() -> some P { { 1 }() }
      }
      protocol P {
        func required()
        init(a: Int)
      }
      """
    let functions = FunctionScanner(text.split(separator: "\n").map(String.init)).functions
    #expect(functions.map(\.name) == ["init", "f", "deinit", "h"])
    #expect(functions.map(\.lineCount) == [1, 7, 1, 1])
  }
}
