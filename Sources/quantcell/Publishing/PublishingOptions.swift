import ArgumentParser

/// How a command that publishes hands its messages over.
struct PublishingOptions: ParsableArguments {
    @OptionGroup var manager: ManagerOptions

    @Option(
        help: ArgumentHelp(
            "The id under which the manager counts the messages: those that it has of this id are not sent again.",
            valueName: "id"
        )
    )
    var publisher: String?

    @Flag(
        name: .customLong("no-ack"),
        help: "Only hand the messages over (PUSH to the feed), without waiting until they are on disk."
    )
    var isPlain = false

    /// The longest id.
    private static let maxIDBytes = 64

    func validate() throws {
        guard let publisher else { return }
        if isPlain { throw ValidationError("--publisher needs acknowledgements, which --no-ack turns off.") }
        let isID =
            1...Self.maxIDBytes ~= publisher.utf8.count
            && publisher.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                        || "._-".unicodeScalars.contains($0))
            }
        guard isID else { throw ValidationError("--publisher takes 1 to 64 of A-Z a-z 0-9 . _ -") }
    }

    /// How long the manager may take nothing at all.
    var patience: TimeSpan {
        // Long enough for a manager that is started again; somebody who only pushes cannot tell whether it will be.
        manager.timeout ?? (isPlain ? .seconds(10) : .seconds(60))
    }
}
