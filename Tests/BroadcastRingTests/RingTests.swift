import AllocationCounter
import Foundation
import Glibc
import Testing

@testable import BroadcastRing

/// A ring and its readers in one process.
struct RingTests {
    private static let bytes = 64 << 10

    @Test func whatIsWrittenIsRead() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let early = try RingReader(writer.offer, at: .newest)
        for number in 1...10 { writer.write(UInt64(number), topic: UInt32(number % 3)) }
        let late = try RingReader(writer.offer, at: .newest)
        let old = try RingReader(writer.offer, at: .oldest)
        for number in 11...12 { writer.write(UInt64(number)) }
        #expect(try early.drain() == Array(1...12))
        #expect(try late.drain() == [11, 12])
        #expect(try old.drain() == Array(1...12))
        #expect(early.look() == .nothing)
    }

    @Test func anEntryHasItsTopicAndName() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let reader = try RingReader(writer.offer, at: .newest)
        writer.write(1, topic: 7)
        guard case .message(let entry) = reader.look() else { return #expect(Bool(false), "no message") }
        #expect(entry.topic == 7)
        #expect(entry.bodyBytes == 40)
        #expect(reader.withName(of: entry) { String(decoding: $0, as: UTF8.self) } == "market.T7.tick")
        reader.skip(entry)
        #expect(reader.look() == .nothing)
    }

    /// Many times around, in all lengths.
    @Test func itWrapsAround() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let reader = try RingReader(writer.offer, at: .newest)
        var random = SystemRandomNumberGenerator()
        var number: UInt64 = 0
        while writer.written < 20 * UInt64(Self.bytes) {
            let first = number + 1
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                number += 1
                #expect(writer.write(number, count: Int.random(in: 8...6000, using: &random)))
            }
            #expect(try reader.drain() == Array(first...number))
        }
    }

    @Test func whatIsTooLongIsNotWritten() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let reader = try RingReader(writer.offer, at: .newest)
        #expect(!writer.write(1, count: Self.bytes / 2))
        #expect(writer.write(2, count: writer.maxMessageBytes - 24))
        #expect(try reader.drain() == [2])
    }

    @Test func anOverrunReaderGoesOnWithWhatIsWhole() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let reader = try RingReader(writer.offer, at: .newest)
        for number in 1...3000 { writer.write(UInt64(number)) }
        #expect(reader.look() == .overrun)
        #expect(reader.resume() > 0)
        let rest = try reader.drain()
        // About half of the ring, without a hole.
        let kept = Self.bytes / 96
        #expect((kept / 2 - 12...kept / 2).contains(rest.count), "\(rest.count) of \(kept)")
        #expect(rest == Array((3001 - UInt64(rest.count))...3000))
        let old = try RingReader(writer.offer, at: .oldest)
        #expect(try old.drain() == rest)
    }

    @Test func anOverrunWhileReadingIsNoticed() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let reader = try RingReader(writer.offer, at: .newest)
        writer.write(1)
        guard case .message(let entry) = reader.look() else { return #expect(Bool(false), "no message") }
        for number in 2...3000 { writer.write(UInt64(number)) }
        #expect(!reader.take(entry))
        #expect(reader.withName(of: entry) { _ in true } == nil)
        reader.resume()
        #expect(try reader.drain().last == 3000)
    }

    @Test func aReaderSleepsUntilItIsWoken() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let reader = try RingReader(writer.offer, at: .newest)
        let own = WakeWord()
        // Few enough that none is written over. Without a deadline: a wake that is lost is a test that never ends.
        let ends = Alone(writer)
        Thread {
            for number in 1...500 {
                ends.value.write(UInt64(number), count: 8)
                ends.value.wake()
            }
        }.start()
        var numbers: [UInt64] = []
        while numbers.count < 500 {
            numbers += try reader.drain()
            if numbers.count < 500 { try reader.wait(own, seen: own.value, until: .max) }
        }
        #expect(numbers == Array(1...500))
    }

    @Test func aPokeEndsTheWait() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let reader = try RingReader(writer.offer, at: .newest)
        let own = WakeWord()
        let seen = own.value
        Thread { own.poke() }.start()
        while own.value == seen { try reader.wait(own, seen: seen, until: .max) }
        // One that came before the wait, too.
        try own.wait(seen: seen, until: .max)
        try reader.wait(own, seen: seen, until: .max)
        // And so does the time.
        try reader.wait(own, seen: own.value, until: 1)
        withExtendedLifetime(writer) {}
    }

    @Test func nothingIsAllocatedForAMessage() throws {
        let writer = try RingWriter(bytes: 1 << 20)
        let reader = try RingReader(writer.offer, at: .newest)
        let name = Array("market.BTC/USDT.kline".utf8)
        let body = [UInt8](repeating: 1, count: 150)
        var read = 0
        func pass() {
            name.withUnsafeBytes { name in
                body.withUnsafeBytes { _ = writer.write(topic: 3, name: name, body: $0) }
            }
            writer.wake()
            guard case .message(let entry) = reader.look(), reader.take(entry) else { return }
            read += reader.withBody(\.count)
        }
        for _ in 0..<10 { pass() }
        ac_begin()
        for _ in 0..<20_000 { pass() }
        #expect(ac_end() == 0)
        #expect(read == 20_010 * 150)
    }

    // MARK: The file

    @Test func theFileHasNoNameAndCannotBeChangedByOthers() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        var status = stat()
        #expect(stat(writer.offer.path, &status) == 0)
        #expect(status.st_mode == S_IFREG | 0o600)
        #expect(status.st_nlink == 0)
        #expect(truncate(writer.offer.path, 0) != 0)
        #expect(truncate(writer.offer.path, 1 << 30) != 0)
        let descriptor = open(writer.offer.path, O_RDWR)
        defer { close(descriptor) }
        if descriptor >= 0 {
            #expect(write(descriptor, "x", 1) < 0)
            #expect(mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) == MAP_FAILED)
        }
        // Readers have it for as long as they want it.
        let reader = try RingReader(writer.offer, at: .newest)
        writer.write(1)
        #expect(try reader.drain() == [1])
    }

    @Test func aRingIsKnownByItsID() throws {
        let writer = try RingWriter(bytes: Self.bytes)
        let other = RingOffer(
            path: writer.offer.path,
            wakePath: writer.offer.wakePath,
            id: String(repeating: "0", count: 32)
        )
        #expect(throws: RingError.self) { try RingReader(other, at: .newest) }
    }
}
