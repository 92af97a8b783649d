import ArgumentParser

/// The file that `quantcell new-strategy` writes.
struct StrategyTemplate {
    /// A language that strategies are written in.
    enum Language: String, CaseIterable, ExpressibleByArgument {
        case swift, python

        /// What the names of its files end in.
        var fileEnding: String { self == .swift ? ".swift" : ".py" }
    }

    /// Name of the strategy as the user gave it, without the ending.
    let name: String
    let language: Language
    /// Name of the class.
    let className: String

    /// Makes names out of one.
    ///
    /// - Parameters:
    ///   - name: A letter followed by up to 63 letters, digits, `-` and `_`; it may end in `.swift` or `.py`, which is a language too.
    ///   - language: `nil` for what the name says, else Swift.
    /// - Returns: `nil` for another name, and where name and language are at odds.
    init?(name: String, language: Language? = nil) {
        let named = Language.allCases.first { name.hasSuffix($0.fileEnding) }
        if let named, let language, named != language { return nil }
        let name = String(name.dropLast(named?.fileEnding.count ?? 0))
        let isValid = name.utf8.allSatisfy { byte in
            byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "_")
        }
        guard isValid, 1...64 ~= name.count, name.first?.isLetter == true else { return nil }
        self.name = name
        self.language = language ?? named ?? .swift
        let words = name.split { $0 == "-" || $0 == "_" }
        // The ending keeps the class apart from everything that the language and the kit know: Bar, Context, Int.
        className = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Strategy"
    }

    /// Name of the file.
    var fileName: String { name + language.fileEnding }

    /// The file's text.
    var text: String { language == .swift ? swiftText : pythonText }
}
