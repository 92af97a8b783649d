/// How important a line of the log is.
package enum LogLevel: Int, Comparable, Sendable {
    case debug, info, warning, error

    package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// Writes lines to the worker's log. Warnings and errors are also sent to the manager.
///
/// ```swift
/// context.log.info("position is now \(position)")
/// ```
public struct StrategyLog {
    private unowned let host: any StrategyHost

    init(host: any StrategyHost) {
        self.host = host
    }

    /// Writes a line that is only wanted while looking for a mistake: shown when `QUANTCELL_LOG_LEVEL` is `debug`.
    ///
    /// The text is not even put together otherwise.
    ///
    /// ```swift
    /// context.log.debug("z = \(z)")
    /// ```
    public func debug(_ text: @autoclosure () -> String) {
        write(.debug, text)
    }

    /// Writes a line about what goes on as it should.
    ///
    /// ```swift
    /// context.log.info("warmed up after \(count) bars")
    /// ```
    public func info(_ text: @autoclosure () -> String) {
        write(.info, text)
    }

    /// Writes a line about something that a person may want to look at.
    ///
    /// ```swift
    /// context.log.warning("no trade for a minute")
    /// ```
    public func warning(_ text: @autoclosure () -> String) {
        write(.warning, text)
    }

    /// Writes a line about something that went wrong. To have it count against the error budget, throw an error instead.
    ///
    /// ```swift
    /// context.log.error("the book is crossed: \(bid) > \(ask)")
    /// ```
    public func error(_ text: @autoclosure () -> String) {
        write(.error, text)
    }

    private func write(_ level: LogLevel, _ text: () -> String) {
        guard level >= host.logLevel else { return }
        host.log(level, text())
    }
}
