/// What somebody who comes over HTTP may do; each scope holds those before it.
package enum AccessScope: String, CaseIterable, Comparable, Sendable {
    /// Look at everything.
    case read
    /// Start, stop and change workers, and publish market data.
    case operate
    /// Give and take away tokens.
    case admin

    package static func < (left: AccessScope, right: AccessScope) -> Bool {
        left.rank < right.rank
    }

    /// The scopes, for a message.
    static let expectation = allCases.map(\.rawValue).joined(separator: ", ")

    private var rank: Int {
        switch self {
        case .read: 0
        case .operate: 1
        case .admin: 2
        }
    }
}
