import ArgumentParser

/// Numbers with commas between them, on the command line.
struct WorkerCounts: ExpressibleByArgument, CustomStringConvertible {
    let values: [Int]

    var description: String { values.map(String.init).joined(separator: ",") }

    init(values: [Int]) {
        self.values = values
    }

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = words.compactMap { Int($0) }.filter { (1...200).contains($0) }
        guard !values.isEmpty, values.count == words.count else { return nil }
    }
}

/// Words with commas between them, on the command line.
struct Choices<Value: RawRepresentable<String> & CaseIterable & Sendable>: ExpressibleByArgument, Sendable {
    let values: [Value]

    init(_ values: [Value]) {
        self.values = values
    }

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = words.compactMap { word in Value.allCases.first { $0.rawValue == word } }
        guard !values.isEmpty, values.count == words.count else { return nil }
    }

    var defaultValueDescription: String { values.map(\.rawValue).joined(separator: ",") }
}
