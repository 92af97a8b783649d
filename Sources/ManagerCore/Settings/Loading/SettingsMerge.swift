internal import WireProtocol
import Yams

/// Lays the file, the variables and the flags over the defaults, key by key, and remembers where each value came from.
struct SettingsMerge {
    /// Where a value came from, and what it was.
    struct Place {
        let source: String
        let mark: Mark?
        let node: Node
    }

    /// The most strategies and the most feeds a file may hold.
    static let maxElements = 1000

    private let inputs: SettingsInputs
    private let schema: SettingsSchema
    /// Values that cannot be used: their defaults are taken, so that the next problem can be found.
    private let rejected: Set<String>

    /// The whole configuration, every key there.
    private(set) var merged: Node = [:]
    /// Keys that do not exist, and sections that are none.
    private(set) var problems: [SettingsError.Problem] = []
    /// The places of all that was given, by path.
    private(set) var places: [String: Place] = [:]
    /// The paths of the keys that hold a value rather than keys.
    private(set) var values: Set<String> = []

    init(_ inputs: SettingsInputs, schema: SettingsSchema, rejected: Set<String>) {
        self.inputs = inputs
        self.schema = schema
        self.rejected = rejected
        merged = section(inputs.root?.unlessNull, over: schema.defaults, keys: schema.keys, at: "")
        checkNames()
    }

    private mutating func merge(_ given: Node?, over defaults: Node, keys: Node, at path: String) -> Node {
        switch keys {
        case .mapping(let mapping) where !mapping.isEmpty: section(given, over: defaults, keys: keys, at: path)
        case .sequence(let kinds) where kinds.first?.mapping != nil:
            sections(given, over: defaults.sequence ?? [], kinds: kinds, at: path)
        default: value(given, over: defaults, keys: keys, at: path)
        }
    }

    // MARK: Sections

    private mutating func section(_ given: Node?, over defaults: Node, keys: Node, at path: String) -> Node {
        let given = members(of: given, keys: keys, at: path)
        var result: Node = [:]
        for (key, childKeys) in keys.mapping ?? [:] {
            guard let name = key.string else { continue }
            // What a strategy overrides starts from what it would inherit.
            guard let base = defaults[name] ?? given[name].flatMap({ _ in inherited(name) }) else { continue }
            result[name] = merge(given[name], over: base, keys: childKeys, at: path.isEmpty ? name : "\(path).\(name)")
            if path.isEmpty { merged[name] = result[name] }
        }
        return result
    }

    private func inherited(_ name: String) -> Node? {
        merged["supervisor"]?[name] ?? merged["manager"]?[name] ?? merged[name]
    }

    /// The given keys that exist and have a value; the others are reported.
    private mutating func members(of given: Node?, keys: Node, at path: String) -> [String: Node] {
        guard let given else { return [:] }
        note(given, at: path, source: inputs.fileName)
        let known = keys.mapping?.keys.compactMap(\.string) ?? []
        guard let mapping = given.mapping else {
            let name = path.isEmpty ? "the file" : path
            report("\(name) must be a mapping of keys (\(known.joined(separator: ", "))), not \(given.shown)", at: path)
            return [:]
        }
        var members: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string else { continue }
            guard known.contains(name) else {
                let child = path.isEmpty ? name : "\(path).\(name)"
                note(key, at: child, source: inputs.fileName)
                report(unknown(name, known: known, at: path), at: child)
                continue
            }
            members[name] = value.unlessNull
        }
        return members
    }

    private func unknown(_ name: String, known: [String], at path: String) -> String {
        let place = path.isEmpty ? "" : " in '\(path)'"
        let message = "unknown key '\(name.printable)'\(place); "
        if let nearest = NearestName.find(name, in: known) { return message + "did you mean '\(nearest)'?" }
        if let elsewhere = schema.paths.first(where: { $0.hasSuffix(".\(name)") }) {
            return message + "did you mean '\(elsewhere.replacing("[0]", with: "[]").replacing("[1]", with: "[]"))'?"
        }
        return message + "known are \(known.joined(separator: ", "))"
    }

    // MARK: Lists of sections

    /// `defaults` and `kinds` have one element for each kind.
    private mutating func sections(
        _ given: Node?,
        over defaults: Node.Sequence,
        kinds: Node.Sequence,
        at path: String
    ) -> Node {
        guard let given else { return [] }
        note(given, at: path, source: inputs.fileName)
        guard let elements = given.sequence, elements.count <= Self.maxElements else {
            let found = given.sequence.map { "a list of \($0.count)" } ?? given.shown
            report(
                "\(path) must be a list of at most \(Self.maxElements), each a mapping of keys, not \(found)",
                at: path
            )
            return []
        }
        var result: [Node] = []
        for (index, element) in elements.enumerated() {
            let path = "\(path)[\(index)]"
            note(element, at: path, source: inputs.fileName)
            if let kind = kind(of: element, among: kinds, at: path) {
                result.append(section(element, over: defaults[kind], keys: kinds[kind], at: path))
            } else {
                result.append(defaults[0])
            }
        }
        return Node(result)
    }

    /// Which kind of section an element is: the only one, or the one that its `type` names; `nil` when it names none.
    private mutating func kind(of element: Node, among kinds: Node.Sequence, at path: String) -> Int? {
        let types = kinds.compactMap { $0["type"]?.string }
        guard element.mapping != nil, !types.isEmpty else { return 0 }
        let type = element["type"]?.unlessNull
        if let name = type?.string, let kind = types.firstIndex(of: name) { return kind }
        if let type { note(type, at: path, source: inputs.fileName) }
        let expected = types.joined(separator: " or ")
        report("\(path).type must be \(type.map { "\(expected), not \($0.shown)" } ?? "given: \(expected)")", at: path)
        return nil
    }

    // MARK: Values

    private mutating func value(_ given: Node?, over defaults: Node, keys: Node, at path: String) -> Node {
        values.insert(path)
        let override = path.contains("[") ? nil : inputs.text(for: path)
        guard var value = override.map({ Node($0.text) }) ?? given else { return defaults }
        let source = override?.source ?? inputs.fileName
        note(value, at: path, source: source)
        if rejected.contains(path) { return defaults }
        if keys.sequence != nil {
            value = list(value, at: path, source: source)
        } else if keys.mapping != nil {
            noteMembers(of: value, at: path, source: source)
        }
        return inputs.absolute(value, at: path, fromFile: override == nil)
    }

    /// A list of words. One that is no word is reported and left out of what is checked further.
    private mutating func list(_ given: Node, at path: String, source: String) -> Node {
        let given = given.list
        guard let elements = given.sequence else { return given }
        var words: [Node] = []
        for (index, element) in elements.enumerated() {
            let path = "\(path)[\(index)]"
            note(element, at: path, source: source)
            if element.scalar == nil { report("\(path) must be a single value, not \(element.shown)", at: path) }
            words.append(element.scalar == nil ? "" : element)
        }
        return Node(words)
    }

    /// The places inside of a value that takes any keys.
    private mutating func noteMembers(of node: Node, at path: String, source: String) {
        note(node, at: path, source: source)
        for (key, value) in node.mapping ?? [:] {
            noteMembers(of: value, at: "\(path).\(key.string ?? "")", source: source)
        }
        for (index, value) in (node.sequence ?? []).enumerated() {
            noteMembers(of: value, at: "\(path)[\(index)]", source: source)
        }
    }

    // MARK: Names that are not in the file

    /// Flags and variables for keys that do not exist. Other `QUANTCELL_*` variables belong to workers and scripts.
    private mutating func checkNames() {
        for override in inputs.overrides where !values.contains(override.path) {
            problems.append(.init("unknown key '\(override.path)'", path: override.path, source: override.flag))
        }
        let known = values.filter { !$0.contains("[") }.map(SettingsInputs.variable)
        let sections = merged.mapping?.keys.compactMap(\.string).map { SettingsInputs.variable(for: $0) + "_" } ?? []
        for name in inputs.environment.keys.sorted()
        where sections.contains(where: name.hasPrefix) && !known.contains(name) {
            let nearest = NearestName.find(name, in: known).map { "; did you mean '\($0)'?" } ?? ""
            problems.append(.init("unknown variable\(nearest)", source: name))
        }
    }

    // MARK: Places

    private mutating func note(_ node: Node, at path: String, source: String) {
        places[path] = Place(source: source, mark: node.mark, node: node)
    }

    private mutating func report(_ message: String, at path: String) {
        problems.append(place(SettingsError.Problem(message, path: path)))
    }

    /// The problem with the place of its key, or of the nearest section around it that was given.
    func place(_ problem: SettingsError.Problem) -> SettingsError.Problem {
        guard let place = SettingsPath.upwards(from: problem.path).lazy.compactMap({ places[$0] }).first else {
            return problem
        }
        var problem = problem
        problem.source = place.source
        problem.line = place.mark?.line
        problem.column = place.mark?.column
        return problem
    }
}
