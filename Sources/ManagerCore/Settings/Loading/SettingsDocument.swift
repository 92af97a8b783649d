import Yams

/// The YAML of one file, parsed and bounded: no aliases, no deep nesting, every node with its place.
///
/// The file is the operator's own, and may still be anything: a wrong path, a core dump, somebody's experiment.
struct SettingsDocument {
    /// Larger files are refused unread.
    static let maxBytes = 1 << 20
    /// Nesting beyond this is refused; the configuration itself needs five levels.
    static let maxDepth = 32

    /// The top of the document; `nil` when there is nothing in it but comments.
    let root: Node?

    init(text: String, source: String) throws(SettingsError) {
        guard text.utf8.count <= Self.maxBytes else {
            throw SettingsError([.init("is larger than 1 MiB, the most a configuration may be", source: source)])
        }
        guard Self.aliasCount(in: text) <= 16 else {
            throw SettingsError([.init("YAML anchors and aliases (&name, *name) are not supported", source: source)])
        }
        var problems: [SettingsError.Problem] = []
        do {
            // The basic resolver leaves every scalar as text: what it means is decided by the key that it stands at.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            root = try parser.singleRoot()
            // A node refers weakly to its anchor, which is the parser's.
            withExtendedLifetime(parser) {
                if let root { Self.check(root, depth: 0, source: source, problems: &problems) }
            }
        } catch {
            throw SettingsError([SettingsError.Problem(yaml: error, source: source, text: text)])
        }
        if !problems.isEmpty { throw SettingsError(problems) }
    }

    /// Refuses anchors, and by that aliases, since each refers to an anchored node; does not go below one, so that nested
    /// aliases are not expanded.
    private static func check(_ node: Node, depth: Int, source: String, problems: inout [SettingsError.Problem]) {
        func report(_ message: String) {
            problems.append(.init(message, source: source, line: node.mark?.line, column: node.mark?.column))
        }
        guard problems.count < SettingsLoader.maxProblems else { return }
        guard node.anchor == nil else { return report("YAML anchors and aliases (&name, *name) are not supported") }
        guard depth <= maxDepth else { return report("is nested more than \(maxDepth) levels deep") }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                if key.scalar == nil {
                    problems.append(
                        .init("a key must be text", source: source, line: key.mark?.line, column: key.mark?.column)
                    )
                }
                check(key, depth: depth + 1, source: source, problems: &problems)
                check(value, depth: depth + 1, source: source, problems: &problems)
            }
        case .sequence(let sequence):
            for element in sequence {
                check(element, depth: depth + 1, source: source, problems: &problems)
            }
        case .scalar, .alias: break
        }
    }

    /// How many aliases the text may hold, counted too high rather than too low.
    ///
    /// Yams hashes mapping keys while it parses, and an alias as a key is hashed expanded: a few dozen of them in a chain would
    /// take for ever, long before there is a tree to look at.
    private static func aliasCount(in text: String) -> Int {
        func names(after marker: Character) -> [Substring] {
            text.split(separator: marker, omittingEmptySubsequences: false).dropFirst().compactMap { piece in
                let name = piece.prefix { $0.utf8.allSatisfy(SettingsChecker.isWordByte) }
                return name.isEmpty ? nil : name
            }
        }
        let anchors = Set(names(after: "&"))
        return anchors.isEmpty ? 0 : names(after: "*").count(where: anchors.contains)
    }
}

extension SettingsError.Problem {
    /// A problem that the YAML parser found.
    fileprivate init(yaml error: any Error, source: String, text: String) {
        func problem(_ problem: String, _ context: YamlError.Context?, _ mark: Mark) -> Self {
            let context = context.map { " (\($0.text), line \($0.mark.line))" } ?? ""
            return Self("not valid YAML: \(problem)\(context)", source: source, line: mark.line, column: mark.column)
        }
        switch error as? YamlError {
        case .scanner(let context, let message, let mark, _), .parser(let context, let message, let mark, _),
            .composer(let context, let message, let mark, _):
            self = problem(message, context, mark)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\($0.printable)'" }.joined(separator: ", ")
            self.init(
                "key \(names) is given more than once",
                source: source,
                line: context.mark.line,
                column: context.mark.column
            )
        case .reader(let message, let offset, _, _):
            self.init("not valid YAML: \(message)", source: source)
            if let offset { (line, column) = Self.place(after: text.prefix(offset)) }
        default:
            self.init("not valid YAML: \(error)", source: source)
        }
    }

    /// The line and column behind a beginning of the text.
    static func place(after start: some StringProtocol) -> (line: Int, column: Int) {
        let lines = start.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        return (lines.count, (lines.last?.count ?? 0) + 1)
    }
}
