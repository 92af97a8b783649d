import Testing

@testable import ManagerCore

@Suite("Numbered signals: each once, in order")
struct SignalIntakeTests {
    private let start = SuspendingClock().now

    @Test("what comes in order is taken, and what comes again is not")
    func order() {
        var intake = SignalIntake(generation: 3)
        #expect(intake.offer(1, at: start) == .take)
        #expect(intake.offer(2, at: start) == .take)
        #expect(intake.offer(2, at: start) == .pending)
        #expect(intake.ended(1, isRecorded: true, at: start) == nil)
        #expect(intake.recorded == 1)
        #expect(intake.offer(1, at: start) == .known)
        #expect(intake.offer(2, at: start) == .pending)
        #expect(intake.ended(2, isRecorded: true, at: start) == nil)
        #expect(intake.recorded == 2)
        #expect(intake.offer(0, at: start) == .known)
        #expect(intake.offer(3, at: start) == .take)
    }

    @Test("a hole is asked for once in a while, and nothing behind it is taken")
    func hole() {
        var intake = SignalIntake(generation: 1)
        #expect(intake.offer(1, at: start) == .take)
        #expect(intake.offer(3, at: start) == .outOfOrder(ask: 2))
        #expect(intake.offer(4, at: start + .milliseconds(99)) == .outOfOrder(ask: nil))
        #expect(intake.offer(5, at: start + .milliseconds(100)) == .outOfOrder(ask: 2))
        #expect(intake.offer(.max, at: start) == .outOfOrder(ask: nil))
        #expect(intake.offer(2, at: start) == .take)
        #expect(intake.offer(3, at: start) == .take)
    }

    @Test("what could not be written comes again, with all behind it")
    func failure() {
        var intake = SignalIntake(generation: 1)
        for number in 1...4 { #expect(intake.offer(UInt64(number), at: start) == .take) }
        #expect(intake.ended(1, isRecorded: true, at: start) == nil)
        #expect(intake.ended(2, isRecorded: false, at: start) == 2)
        // It is on disk, and will be known for a duplicate when it comes again.
        #expect(intake.ended(3, isRecorded: true, at: start) == nil)
        #expect(intake.ended(4, isRecorded: false, at: start) == nil)
        #expect(intake.recorded == 1)
        for number in 2...4 { #expect(intake.offer(UInt64(number), at: start) == .take) }
        for number in 2...4 { #expect(intake.ended(UInt64(number), isRecorded: true, at: start) == nil) }
        #expect(intake.recorded == 4)
    }

    @Test("a later manager goes on where the journal ends")
    func adopted() {
        var intake = SignalIntake(generation: 7, recorded: 40)
        #expect(intake.offer(40, at: start) == .known)
        #expect(intake.offer(42, at: start) == .outOfOrder(ask: 41))
        #expect(intake.offer(41, at: start) == .take)
    }

    /// A line that loses, repeats and delays, and a disk that fails now and then: all arrive once, in order.
    @Test("whatever the line and the disk do", arguments: 1...200 as ClosedRange<UInt64>)
    func simulation(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var intake = SignalIntake(generation: 1)
        var now = start
        var written: [UInt64] = []
        var known: Set<UInt64> = []
        var underWay: [UInt64] = []
        var line: [UInt64] = Array(1...100)
        var rounds = 0
        func sendAgain(_ from: UInt64?) { if let from, from <= 100 { line += from...100 } }
        while intake.recorded < 100, rounds < 100_000 {
            rounds += 1
            now += .milliseconds(Int.random(in: 0...20, using: &random))
            if line.isEmpty { sendAgain(intake.ask(at: now)) }
            if !line.isEmpty, Bool.random(using: &random) {
                let number = line.removeFirst()
                switch Int.random(in: 0..<10, using: &random) {
                case 0: break  // lost
                case 1:
                    line.insert(number, at: min(line.count, 1))
                    fallthrough
                default:
                    switch intake.offer(number, at: now) {
                    case .take: underWay.append(number)
                    case .outOfOrder(let from): sendAgain(from)
                    case .known, .pending: break
                    }
                }
            } else if !underWay.isEmpty {
                let number = underWay.removeFirst()
                let isRecorded = Int.random(in: 0..<20, using: &random) != 0
                if isRecorded, known.insert(number).inserted { written.append(number) }
                sendAgain(intake.ended(number, isRecorded: isRecorded, at: now))
            }
        }
        #expect(intake.recorded == 100)
        #expect(written.sorted() == Array(1...100))
    }
}

/// Sebastiano Vigna's generator (https://prng.di.unimi.it/splitmix64.c): the same numbers for the same seed.
private struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
