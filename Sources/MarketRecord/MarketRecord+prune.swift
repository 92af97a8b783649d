// Dropping messages by hand.
extension MarketRecord {
    /// Drops the messages of a topic up to a sequence, a little at a time between others' work.
    ///
    /// - Parameter completion: Told how many were dropped, once that is on disk.
    package func prune(
        _ topic: String,
        through sequence: UInt64,
        then completion: @escaping @Sendable (Result<UInt64, RecordError>) -> Void
    ) {
        let isPosted = mailbox.post(.prune(Retention.Job(topic: topic, through: sequence, completion: completion))) {
            result in
            if case .failure(let error) = result { completion(.failure(error)) }
        }
        if !isPosted { completion(.failure(.closed(configuration.path))) }
    }
}
