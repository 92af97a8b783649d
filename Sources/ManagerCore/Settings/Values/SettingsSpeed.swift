package import MarketFiles

/// How fast a recording is replayed.
public enum SettingsSpeed: SettingsScalar {
    /// As fast as it goes.
    case max
    /// At the pace of the recording.
    case realtime
    /// At the pace of the recording times a factor above 0: `60x` plays an hour in a minute.
    case times(Double)

    /// What may be written, for messages.
    public static var expectation: String { "max, realtime or a factor above 0 such as 60x" }

    /// Reads `max`, `realtime` or a factor.
    public init?(text: String) {
        switch ReplaySpeed(text) {
        case .max: self = .max
        case .multiple(1): self = .realtime
        case .multiple(let factor): self = .times(factor)
        case nil: return nil
        }
    }

    /// The speed for a replay.
    package var replaySpeed: ReplaySpeed {
        switch self {
        case .max: .max
        case .realtime: .multiple(1)
        case .times(let factor): .multiple(factor)
        }
    }

    /// The text, as it may be written.
    public var description: String {
        switch self {
        case .max: "max"
        case .realtime: "realtime"
        case .times(let factor): (Int(exactly: factor).map(String.init) ?? String(factor)) + "x"
        }
    }
}
