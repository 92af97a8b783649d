// Dropping what is old. All of it happens within a transaction.
extension RecordStore {
    /// The most sequences that one step goes over.
    static let pruneStep: UInt64 = 1000

    /// Drops the first messages of a topic, a step's worth at most, and none above `limit`.
    ///
    /// - Returns: How many were dropped; `nil` when the topic has nothing left at or below `limit`.
    func pruneStep(_ topic: TopicState, through limit: UInt64) throws(RecordError) -> UInt64? {
        let limit = min(limit, topic.lastSequence)
        guard topic.messages > 0, topic.firstSequence <= limit else { return nil }
        let number = topic.firstSequence / RecordSchema.blockLength
        let blockEnd = number * RecordSchema.blockLength + (RecordSchema.blockLength - 1)
        let upper = min(limit, blockEnd, topic.firstSequence + Self.pruneStep - 1)
        let dropped = try statements.deleteRows(topic, through: upper)
        if var block = try block(number, of: topic) {
            let bytes = block.messages > dropped ? block.bytes / block.messages * dropped : block.bytes
            block.messages -= dropped
            block.bytes -= bytes
            topic.bytes -= bytes
            if block.messages > 0 {
                try statements.save(block, topicID: topic.id)
            } else {
                try statements.deleteBlock(number, topicID: topic.id)
            }
            if topic.block?.number == number { topic.block = block.messages > 0 ? block : nil }
        }
        topic.messages -= dropped
        topic.prunedSequence = max(topic.prunedSequence, upper)
        topic.firstSequence = try statements.firstSequence(topic) ?? upper + 1
        try statements.deleteGaps(topic, through: topic.prunedSequence)
        topic.isDirty = true
        return UInt64(clamping: dropped)
    }

    private func block(_ number: UInt64, of topic: TopicState) throws(RecordError) -> BlockState? {
        // Of the block that grows, the database may be behind.
        if let block = topic.block, block.number == number { return block }
        return try statements.block(number, topicID: topic.id)
    }

    /// The topic with the block that is the oldest by the time of its last message, and that time.
    func oldest() throws(RecordError) -> (topic: TopicState, lastReceiveTime: Int64)? {
        guard let (id, time) = try statements.oldestBlock(), let topic = topics.find(id: id) else { return nil }
        return (topic, time)
    }

    func topic(named name: String) -> TopicState? { topics.find(name: name) }

    /// Bytes of the database that hold something, and all of its bytes.
    func size() throws(RecordError) -> (used: Int64, file: Int64) {
        let pageBytes = try connection.integer("PRAGMA page_size")
        let pages = try connection.integer("PRAGMA page_count")
        let free = try connection.integer("PRAGMA freelist_count")
        return ((pages - free) * pageBytes, pages * pageBytes)
    }

    /// Gives some empty pages back to the disk, outside of a transaction; returns whether there are many more.
    func shrink() throws(RecordError) -> Bool {
        let pages = try connection.integer("PRAGMA page_count")
        let free = try connection.integer("PRAGMA freelist_count")
        // A few empty pages are soon written to again.
        guard free > 256, free > pages / 8 else { return false }
        try connection.execute("PRAGMA incremental_vacuum(256)")
        return true
    }
}
