import Testing

@testable import quantcell

@Suite struct TableTests {
    @Test func columnsLineUpAndNothingTrails() {
        var table = Table([.text("ID"), .number("N"), .text("NOTE")])
        let lines = table.lines([["a", "7", "x"], ["longer", "12345", ""]], isColoured: false)
        #expect(lines == ["ID          N  NOTE", "a           7  x", "longer  12345"])
    }

    @Test func laterRowsKeepTheWidthAndRepeatNoHeader() {
        var table = Table([.text("ID"), .text("STATE")])
        _ = table.lines([["sma-btc", "running"]], isColoured: false)
        #expect(table.lines([["x", "error"]], isColoured: false) == ["x        error"])
    }

    @Test func colourDoesNotCountAsWidth() {
        var table = Table([.text("S"), .text("T")])
        let lines = table.lines([[Table.Cell("running", colour: .green), "x"]], isColoured: true)
        #expect(lines.last == "\u{1B}[32mrunning\u{1B}[0m  x")
    }

    @Test func whatAStrategySaysStaysOnItsLine() {
        #expect(Table.Cell("a\nb\u{1B}[31mc\u{85}").text == "a b [31mc ")
    }

    @Test func longTextIsCut() {
        #expect(PlainText.cut("abcdef", to: 6) == "abcdef")
        #expect(PlainText.cut("abcdefg", to: 6) == "abcde…")
    }

    @Test func blockAlignsValues() {
        let lines = Block.lines([("a", "1"), ("long key", "2")], isColoured: false)
        #expect(lines == ["a         1", "long key  2"])
    }
}
