import ArgumentParser
import MarketFiles
import WireProtocol

/// A moment as a user writes it: a time in any form that ``TimeText`` reads, or how long ago.
struct Moment: Hashable, ExpressibleByArgument {
    /// Nanoseconds since the Unix epoch.
    let nanoseconds: Int64

    init?(argument: String) {
        self.init(argument, now: WallClock.nanoseconds())
    }

    init?(_ text: String, now: Int64) {
        if let time = TimeText.nanoseconds(from: text) {
            nanoseconds = time
        } else if text.last.map({ !$0.isNumber }) == true, let span = TimeSpan(argument: text) {
            nanoseconds = now - span.nanoseconds
        } else {
            return nil
        }
    }
}
