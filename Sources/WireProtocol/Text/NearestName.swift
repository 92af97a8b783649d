/// Finds what somebody meant who mistyped a name.
package enum NearestName {
    /// The candidate with the fewest typing mistakes, or `nil` when none has less than one mistake in three letters.
    package static func find(_ name: String, in candidates: some Sequence<String>) -> String? {
        // Beyond this it is no key; the distance takes the product of the lengths.
        guard name.utf8.count <= 128 else { return nil }
        let scored = candidates.map { (candidate: $0, mistakes: mistakes(name.lowercased(), $0.lowercased())) }
        let best = scored.min { ($0.mistakes, $0.candidate) < ($1.mistakes, $1.candidate) }
        guard let best, best.mistakes <= max(1, best.candidate.utf8.count / 3) else { return nil }
        return best.candidate
    }

    /// The optimal string alignment distance: letters left out, added, replaced or swapped with their neighbour.
    package static func mistakes(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(last[column] + (byte == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
