import Testing

@testable import ManagerCore

struct RememberedAnswersTests {
    private func answer(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func dropsTheOldestBeyondItsNumber() {
        var answers = RememberedAnswers(maxCount: 3, maxBytes: 1000)
        for number in 1...5 { answers.remember(answer("answer \(number)"), for: "\(number)") }
        #expect(answers["1"] == nil)
        #expect(answers["2"] == nil)
        for number in 3...5 { #expect(answers["\(number)"] == answer("answer \(number)")) }
    }

    @Test func dropsTheOldestBeyondItsSize() {
        var answers = RememberedAnswers(maxCount: 100, maxBytes: 10)
        answers.remember(answer("12345"), for: "a")
        answers.remember(answer("12345"), for: "b")
        #expect(answers["a"] != nil)
        answers.remember(answer("1"), for: "c")
        #expect(answers["a"] == nil)
        #expect(answers["b"] == answer("12345"))
        #expect(answers["c"] == answer("1"))
    }

    @Test func keepsTheLatestHoweverLarge() {
        var answers = RememberedAnswers(maxCount: 100, maxBytes: 10)
        answers.remember(answer("12345"), for: "a")
        answers.remember(answer("much larger than all"), for: "b")
        #expect(answers["a"] == nil)
        #expect(answers["b"] == answer("much larger than all"))
        answers.remember(answer("1"), for: "c")
        #expect(answers["b"] == nil)
        #expect(answers["c"] == answer("1"))
    }

    @Test func countsAnAnswerThatIsReplacedOnce() {
        var answers = RememberedAnswers(maxCount: 100, maxBytes: 10)
        answers.remember(answer("1"), for: "a")
        for _ in 0..<20 { answers.remember(answer("12345"), for: "b") }
        #expect(answers["a"] == answer("1"))
        #expect(answers["b"] == answer("12345"))
    }
}
