/// A value in a signal's data: a number, a text or a truth value.
public enum SignalValue: Hashable, Sendable {
    /// A number.
    case number(Double)
    /// A whole number.
    case integer(Int64)
    /// A text.
    case text(String)
    /// True or false.
    case boolean(Bool)
}

/// What can stand in the data of a signal: `Double`, `Int`, `Int64`, `String`, `Bool`, and ``Side``.
///
/// ```swift
/// context.signal("entry", data: ["z": z, "bars": count, "why": "below the band"])
/// ```
public protocol SignalValueConvertible {
    /// The value as it is sent.
    var signalValue: SignalValue { get }
}

extension SignalValue: SignalValueConvertible {
    /// The value itself.
    public var signalValue: SignalValue { self }
}

extension Double: SignalValueConvertible {
    /// The number.
    public var signalValue: SignalValue { .number(self) }
}

extension Int: SignalValueConvertible {
    /// The whole number.
    public var signalValue: SignalValue { .integer(Int64(self)) }
}

extension Int64: SignalValueConvertible {
    /// The whole number.
    public var signalValue: SignalValue { .integer(self) }
}

extension String: SignalValueConvertible {
    /// The text.
    public var signalValue: SignalValue { .text(self) }
}

extension Bool: SignalValueConvertible {
    /// True or false.
    public var signalValue: SignalValue { .boolean(self) }
}

extension Side: SignalValueConvertible {
    /// `buy` or `sell`.
    public var signalValue: SignalValue { .text(rawValue) }
}
