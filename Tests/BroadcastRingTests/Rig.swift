import Foundation
import Testing

@testable import BroadcastRing

extension RingWriter {
    /// Writes a message whose body is `count` bytes that depend on `number` alone.
    @discardableResult
    func write(_ number: UInt64, topic: UInt32 = 0, count: Int = 40) -> Bool {
        let body = Numbered.body(number, count: count)
        return Array("market.T\(topic).tick".utf8).withUnsafeBytes { name in
            body.withUnsafeBytes { write(topic: topic, name: name, body: $0) }
        }
    }
}

/// What one thread alone uses, handed to it by another.
struct Alone<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}

/// Bodies that show whether they are whole.
enum Numbered {
    static func body(_ number: UInt64, count: Int) -> [UInt8] {
        var bytes = withUnsafeBytes(of: number.littleEndian, [UInt8].init)
        var state = number
        while bytes.count < count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes.append(UInt8(truncatingIfNeeded: state >> 33))
        }
        return bytes
    }

    /// The number of a body; `nil` where it is not whole.
    static func number(_ body: UnsafeRawBufferPointer) -> UInt64? {
        guard body.count >= 8 else { return nil }
        let number = UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))
        return self.body(number, count: body.count).elementsEqual(body) ? number : nil
    }
}

extension RingReader {
    /// The numbers of all that is there; an overrun, damage and a torn body are failures.
    func drain() throws -> [UInt64] {
        var numbers: [UInt64] = []
        while true {
            switch look() {
            case .nothing: return numbers
            case .message(let entry):
                try #require(take(entry))
                numbers.append(try #require(withBody(Numbered.number)))
            case .overrun, .damaged: throw RingError("\(look())")
            }
        }
    }
}
