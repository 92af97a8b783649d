import Testing
import WireProtocol

/// The table against DESIGN section 5, copied from there word for word.
@Suite struct WorkerStateTests {
    private static let design = """
        initializing | initialized, stopping, error
        initialized | starting, stopping, error
        starting | running, stopping, error
        running | paused, reloading, restarting, stopping, error
        paused | running, reloading, restarting, stopping, error
        reloading | running, paused, stopping, error
        restarting | initializing, starting, stopping, error
        stopping | stopped, error
        stopped | restarting
        error | recovering, restarting, stopping
        recovering | initializing, starting, running, stopping, error
        """

    private static let table: [String: Set<String>] = Dictionary(
        uniqueKeysWithValues: design.split(separator: "\n").map { line in
            let words = line.split { " |,".contains($0) }.map(String.init)
            return (words[0], Set(words.dropFirst()))
        }
    )

    @Test func namesAreTheDesigns() {
        #expect(Set(WorkerState.allCases.map(\.rawValue)) == Set(Self.table.keys))
        #expect(WorkerState.allCases.count == 11)
    }

    @Test func everyPairIsAsDesigned() {
        for from in WorkerState.allCases {
            for to in WorkerState.allCases {
                let designed = Self.table[from.rawValue]?.contains(to.rawValue) ?? false
                #expect(from.mayBecome(to) == designed, "\(from) to \(to)")
            }
        }
    }

    @Test func everyStateIsInTheTableAndNoneBecomesItself() {
        for state in WorkerState.allCases {
            #expect(WorkerState.transitions[state]?.isEmpty == false, "\(state) cannot be left")
            #expect(!state.mayBecome(state))
        }
    }

    @Test func everyStateIsReachedFromEveryOther() {
        for start in WorkerState.allCases {
            var reached: Set<WorkerState> = []
            var next: Set<WorkerState> = WorkerState.transitions[start] ?? []
            while !next.isSubset(of: reached) {
                reached.formUnion(next)
                next = next.reduce(into: []) { $0.formUnion(WorkerState.transitions[$1] ?? []) }
            }
            #expect(reached == Set(WorkerState.allCases), "from \(start)")
        }
    }

    @Test func onlyFourStatesLast() {
        #expect(Set(WorkerState.allCases.filter(\.isStable)) == [.running, .paused, .stopped, .error])
    }
}
