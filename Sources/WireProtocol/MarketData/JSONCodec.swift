/// Reads, checks, stamps and writes JSON bodies of market data.
package enum JSONCodec {
    /// Reads a body whose topic is of `kind`.
    ///
    /// - Throws: ``ProtocolError`` when it is not such an envelope or its data lacks what the kind needs.
    package static func decode(_ body: UnsafeRawBufferPointer, kind: DataKind) throws(ProtocolError) -> MarketEvent {
        var envelope = MarketEnvelope()
        try envelope.scan(body, kind: kind)
        guard let payload = envelope.data else { throw ProtocolError("'payload' has no 'data'") }
        return MarketEvent(
            sequence: envelope.sequence,
            eventTime: envelope.eventTime,
            receiveTime: envelope.receiveTime,
            payload: payload
        )
    }

    /// Writes `event` as the envelope that a publisher sends; sequence and receive time only where they are set.
    package static func encode(_ event: MarketEvent, topic: Topic, source: String? = nil) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"msg_type\":\"market_data\",")
        if event.sequence > 0 {
            writer.raw("\"seq\":")
            writer.integer(event.sequence)
            writer.raw(",")
        }
        if event.receiveTime > 0 {
            writer.raw("\"ts_ns\":")
            writer.integer(event.receiveTime)
            writer.raw(",")
        }
        writer.raw("\"payload\":{\"symbol\":")
        writer.string(topic.symbol)
        writer.raw(",\"data_type\":")
        writer.string(topic.dataType)
        if let source {
            writer.raw(",\"source\":")
            writer.string(source)
        }
        writer.raw(",\"timestamp\":")
        writer.number(TimeFields.seconds(nanoseconds: event.eventTime))
        writer.raw(",\"data\":")
        writer.write(event.payload.json)
        writer.raw("}}")
        return writer.bytes
    }
}

/// Times as JSON writes them: float seconds, good to the microsecond.
package enum TimeFields {
    /// Seconds to nanoseconds, rounded to microseconds, since a double holds no more of today's dates; `nil` beyond 64 bits.
    package static func nanoseconds(seconds: Double) -> Int64? {
        guard let micros = Int64(exactly: (seconds * 1_000_000).rounded()) else { return nil }
        let (value, overflow) = micros.multipliedReportingOverflow(by: 1000)
        return overflow ? nil : value
    }

    /// Nanoseconds to seconds, to the microsecond.
    package static func seconds(nanoseconds: Int64) -> Double {
        Double(nanoseconds / 1000) / 1_000_000
    }
}
