/// Makes the unique strings that name messages, processes and tokens.
public enum MessageID {
    /// A new id: 32 hexadecimal digits from the system's random source.
    public static func make() -> String {
        hex(UInt64.random(in: .min ... .max)) + hex(UInt64.random(in: .min ... .max))
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
