/// Finds the name that somebody probably meant.
enum NearestName {
    /// The known name with the fewest changed letters, if that is at most a third of it and one.
    static func of(_ name: String, in known: [String]) -> String? {
        let candidates = known.map { (name: $0, distance: distance(name.lowercased(), $0.lowercased())) }
        guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= best.name.count / 3 + 1 ? best.name : nil
    }

    /// Levenshtein's distance: insertions, deletions and replacements.
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b.utf8)
        var row = Array(0...b.count)
        for (i, byte) in a.utf8.prefix(100).enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (byte == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
