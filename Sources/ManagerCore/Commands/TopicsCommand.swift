internal import Glibc
internal import MarketData
internal import MarketFiles
internal import WireProtocol

/// `topics`: the broker's counters: `topics`, each with its counters; `received`, `refused`, `published`, `recorded`, `unrecorded` and `resent`
/// over all; under `record` how far the disk is behind; under `history` what was asked about the past.
enum TopicsCommand: AdminCommand {
    static let type = MessageType.topics
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        control.readCounters { counters in
            reply.done([
                "topics": .array(counters.topics.map(\.json)),
                "received": JSONValue(counters.received),
                "refused": JSONValue(counters.refused),
                "published": JSONValue(counters.published),
                "recorded": JSONValue(counters.recorded),
                "unrecorded": JSONValue(counters.unrecorded),
                "resent": JSONValue(counters.resent),
                "record": [
                    "queued_messages": JSONValue(counters.queuedMessages),
                    "queued_bytes": JSONValue(counters.queuedBytes),
                    "blocked": .bool(counters.isBlocked),
                    "blocks": JSONValue(counters.blocks),
                ],
                "history": [
                    "requests": JSONValue(counters.history.requests),
                    "refused": JSONValue(counters.history.refused),
                    "messages": JSONValue(counters.history.messages),
                    "dropped": JSONValue(counters.history.dropped),
                ],
            ])
        }
    }
}

extension BrokerCounters.TopicCounters {
    fileprivate var json: JSONValue {
        func time(_ nanoseconds: Int64) -> JSONValue {
            nanoseconds == 0 ? .null : .string(TimeText.iso8601(nanoseconds: nanoseconds))
        }
        return [
            "topic": .string(topic),
            "sequence": JSONValue(sequence),
            "received": JSONValue(received),
            "refused": JSONValue(refused),
            "published": JSONValue(published),
            "is_recorded": .bool(isRecorded),
            "recorded": JSONValue(recorded),
            "unrecorded": JSONValue(unrecorded),
            "out_of_order": JSONValue(outOfOrder),
            "late": JSONValue(late),
            "duplicates": JSONValue(duplicates),
            "subscribers": .integer(Int64(subscribers)),
            "last_event_time": time(lastEventTime),
            "last_time": time(lastReceiveTime),
        ]
    }
}

/// `ping`: who is there: `version`, `pid`, `uptime_seconds`, folders, endpoints, `api` (where HTTP is, `null` for nowhere), what has been refused, and `loop_lag`, by how much the
/// control loop is late.
enum PingCommand: AdminCommand {
    static let type = MessageType.ping
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        reply.done([
            "version": .string(QuantCell.version),
            "pid": .integer(Int64(getpid())),
            "uptime_seconds": .number(control.uptimeSeconds),
            "runtime_dir": .string(control.folders.runtime),
            "data_dir": .string(control.folders.data),
            "endpoints": control.endpoints.json,
            "spares": .integer(Int64(control.pools.idleCount)),
            "python_spares": .integer(Int64(control.pools.idlePythonCount)),
            "refused_messages": JSONValue(control.refusedMessages),
            "stale_messages": JSONValue(control.staleMessages),
            "loop_lag": control.lag.json,
            "api": JSONValue(control.access.address),
        ])
    }
}
