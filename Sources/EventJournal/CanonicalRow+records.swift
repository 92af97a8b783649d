import JournalChain

extension CanonicalRow {
    /// The columns of ``ChainSchema/entryColumns``.
    mutating func fill(_ entry: JournalEntry, seq: Int64) {
        begin(.entry)
        add(seq)
        add(entry.time)
        add(entry.kind.rawValue)
        add(entry.workerID)
        add(entry.generation)
        add(entry.fromState)
        add(entry.toState)
        add(entry.cause)
        add(entry.actor)
        add(entry.detail)
        add(entry.intent)
    }

    /// The columns of ``ChainSchema/signalColumns``.
    mutating func fill(_ signal: SignalRecord, seq: Int64) {
        begin(.signal)
        add(seq)
        add(signal.signalID)
        add(signal.workerID)
        add(signal.generation)
        add(signal.name)
        add(signal.side)
        add(signal.symbol)
        add(signal.dataType)
        add(signal.sequence)
        add(signal.eventTime)
        add(signal.price)
        add(signal.quantity)
        add(signal.data)
        add(signal.emittedAt)
        add(signal.number)
    }

    /// The columns of ``ChainSchema/deathColumns``.
    mutating func fill(_ death: DeathRecord, seq: Int64) {
        begin(.death)
        add(seq)
        add(death.workerID)
        add(death.generation)
        add(death.time)
        add(death.cause)
        add(death.exit)
        add(death.core)
        add(death.oom)
        add(death.lastHeartbeat)
        add(death.lastTopic)
        add(death.lastSequence)
        add(death.callback)
        add(death.callbackSeconds)
        add(death.peakRSS)
        add(death.cpuUser)
        add(death.cpuSystem)
        add(death.logTail)
        add(death.backtrace)
    }
}
