import StrategyKit
import WireProtocol

/// A strategy's state on its way to a checkpoint.
final class EncodedState: StateWriter {
    /// How deep arrays and objects may nest: the envelope around them has levels of its own.
    static let maxDepth = JSONScanner.maxDepth - 8

    private(set) var json = JSONValue.null

    func write(_ state: some Encodable) throws {
        json = try ValueEncoding.json(state)
        guard !Self.isDeeper(json, than: Self.maxDepth) else {
            throw WorkerFailure("the state nests deeper than \(Self.maxDepth) levels")
        }
    }

    private static func isDeeper(_ value: JSONValue, than depth: Int) -> Bool {
        switch value {
        case .array(let elements): depth == 0 || elements.contains { isDeeper($0, than: depth - 1) }
        case .object(let members): depth == 0 || members.values.contains { isDeeper($0, than: depth - 1) }
        default: false
        }
    }
}

/// A state that was saved.
struct SavedState: StateReader {
    let json: JSONValue

    /// - Throws: ``WorkerFailure`` that names the member which does not fit.
    func read<State: Decodable>(_ type: State.Type) throws -> State {
        do {
            return try ValueDecoding.decode(type, from: json)
        } catch let error as DecodingError {
            throw WorkerFailure(Self.text(error))
        }
    }

    private static func text(_ error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .dataCorrupted(let inner), .keyNotFound(_, let inner), .typeMismatch(_, let inner),
            .valueNotFound(_, let inner):
            context = inner
        @unknown default: return "\(error)"
        }
        let name = context.codingPath.map(\.stringValue).joined(separator: ".")
        return name.isEmpty ? "it \(context.debugDescription)" : "'\(name)' \(context.debugDescription)"
    }
}
