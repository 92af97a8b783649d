import StrategyKit
import WireProtocol

/// The parameters as the user wrote them: some of the keys, to be laid over the strategy's defaults.
struct UserParams: ParamsReader {
    private let given: [String: JSONValue]

    init(_ given: [String: JSONValue]) {
        self.given = given
    }

    func params<Params: StrategyParams>(over base: Params) throws(StrategyError) -> Params {
        do {
            let defaults = try ValueEncoding.json(base)
            let params = try ValueDecoding.decode(Params.self, from: Self.merge(.object(given), over: defaults))
            // A key that does not come out again is one that the type does not have.
            try Self.refuseUnknown(.object(given), known: ValueEncoding.json(params), path: [])
            return params
        } catch let error as StrategyError {
            throw error
        } catch DecodingError.dataCorrupted(let context) {
            throw StrategyError(
                "parameter '\(Self.name(context.codingPath.map(\.stringValue)))' \(context.debugDescription)"
            )
        } catch {
            throw StrategyError("the parameters cannot be used: \(error)")
        }
    }

    /// Objects are merged member by member; anything else replaces what was there.
    private static func merge(_ given: JSONValue, over base: JSONValue) -> JSONValue {
        guard case .object(let new) = given, case .object(let old) = base else { return given }
        return .object(old.merging(new) { merge($1, over: $0) })
    }

    private static func refuseUnknown(_ given: JSONValue, known: JSONValue, path: [String]) throws(StrategyError) {
        guard case .object(let given) = given, case .object(let known) = known else { return }
        for key in given.keys.sorted() {
            guard let value = given[key] else { continue }
            guard let inner = known[key] else { throw unknown(path + [key], known: known.keys.sorted()) }
            try refuseUnknown(value, known: inner, path: path + [key])
        }
    }

    private static func unknown(_ path: [String], known: [String]) -> StrategyError {
        let key = path.last ?? ""
        let nearest = NearestName.find(key, in: known).map { "; did you mean '\($0)'?" } ?? "."
        let names = known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"
        return StrategyError("the strategy has no parameter '\(name(path))'\(nearest) (\(names))")
    }

    private static func name(_ path: [String]) -> String {
        path.joined(separator: ".")
    }
}
