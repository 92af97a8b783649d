/// What an envelope is about: its `msg_type`.
public enum MessageType: String, CaseIterable, Codable, Hashable, Sendable {
    // Market data
    /// Any market data; the payload's `data_type` says which.
    case marketData = "market_data"
    /// A tick.
    case tickData = "tick_data"
    /// A bar.
    case barData = "bar_data"
    /// An order book.
    case orderBook = "order_book"
    /// A trade.
    case tradeData = "trade_data"

    // Control
    /// Start a strategy.
    case start
    /// Stop a worker and forget it.
    case remove
    /// Bring the instances of a strategy, or the spares, to a number.
    case scale
    /// Stop a worker.
    case stop
    /// Hold data back.
    case pause
    /// Let data flow again.
    case resume
    /// Stop, and start anew.
    case restart
    /// Read the configuration again.
    case reloadConfig = "reload_config"
    /// Change parameters of a running strategy.
    case updateParams = "update_params"
    /// Stand still, save the state and say where: new code is about to take over.
    case handover

    // Status
    /// A worker's I/O lives.
    case heartbeat
    /// A worker's state changed.
    case statusUpdate = "status_update"
    /// Something failed; as an answer: the request was refused.
    case error
    /// Something looks wrong.
    case warning
    /// Something worth telling.
    case info
    /// A measurement of a strategy.
    case metrics
    /// A log line of a strategy.
    case log
    /// A signal of a strategy.
    case signal
    /// A strategy's state with the position it belongs to; in commands to the manager, a question about it.
    case checkpoint
    /// Data that could not be recovered.
    case gap

    // Exactly once
    /// What is on disk: signals and a checkpoint to a worker, messages to a publisher.
    case recorded
    /// Send again what is numbered from here on.
    case resend
    /// A worker asks for ranges of recorded data.
    case replay
    /// A worker asks for the last recorded messages of topics.
    case history

    // Handshake
    /// A worker's first message.
    case hello
    /// The manager's answer to ``hello``.
    case welcome
    /// A worker asks for the marker that ends its join; the marker itself.
    case sync

    // Questions to the manager
    /// All workers.
    case list
    /// One worker.
    case status
    /// Journal entries.
    case journal
    /// Emitted signals.
    case signals
    /// Where a worker's log is.
    case logs
    /// Counters of the broker, per topic.
    case topics
    /// Who is there.
    case ping
    /// What happened to a worker, and what comes next.
    case why

    // Changes while it runs
    /// Parameters of a strategy: what they are, or what they are to be.
    case params
    /// New code for a strategy.
    case reload
    /// What another configuration would change.
    case plan
    /// Put another configuration in force.
    case apply

    // The door
    /// Tokens for HTTP.
    case token
    /// A link to the dashboard.
    case login

    // Answers
    /// What became of a command.
    case ack
}
