/// What caused a signal, and so its id: the same data handled again gives the same id, so that a receiver can drop repeats.
enum SignalID {
    /// The `ordinal`th signal, from 1, of the callback that handled one message.
    static func data(worker: String, symbol: String, dataType: String, sequence: UInt64, ordinal: Int) -> String {
        "\(worker):\(symbol).\(dataType):\(sequence):\(ordinal)"
    }

    /// The `counter`th signal, from 1, of this generation that no data caused.
    static func other(worker: String, callback: String, generation: UInt64, counter: Int) -> String {
        "\(worker):\(callback):\(generation):\(counter)"
    }
}
