/// What `journal` and `signals` have in common: show records and, where asked for, those that come.
struct RecordCommand {
    /// Which records to begin with.
    enum Beginning {
        /// So many, the newest.
        case newest(Int)
        /// All that match.
        case all
    }

    let query: RecordQuery
    let topics: [String]
    let manager: ManagerOptions
    let beginning: Beginning
    let follow: Bool

    func run(_ printer: RecordPrinter) throws(CommandFailure) {
        let location = try manager.locate()
        let client = try AdminClient(location, timeout: manager.timeout ?? .seconds(10))
        guard follow else {
            _ = try begin(client, printer)
            return try printer.finish()
        }
        // Subscribed before the first question, so that nothing falls between the two.
        let events = try EventSubscription(location, topics: topics)
        Interrupt.endsWithSuccess()
        try query.follow(client, events, after: begin(client, printer), printer.print)
    }

    /// Prints what is there; returns the number to read on from.
    private func begin(_ client: borrowing AdminClient, _ printer: RecordPrinter) throws(CommandFailure) -> Int64 {
        switch beginning {
        case .all:
            return try query.readOn(client, after: 0, printer.print)
        case .newest(let limit):
            let page = try query.page(from: client, after: nil, limit: limit)
            try printer.print(page.records)
            return page.last
        }
    }
}
