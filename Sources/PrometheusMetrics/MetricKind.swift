/// What kind of series a family has.
public enum MetricKind: String, Hashable, Sendable {
    /// Only ever grows, but for a fresh start.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts values by size, in buckets that hold all smaller ones too.
    case histogram
}
