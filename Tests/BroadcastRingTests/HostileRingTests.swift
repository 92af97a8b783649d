import Foundation
import Glibc
import Testing

@testable import BroadcastRing

/// Files that are no ring, or one that somebody has spoilt: they harm nobody, the reader neither.
struct HostileRingTests {
    private func withFile(_ bytes: [UInt8], _ use: (RingOffer) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ring-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (path, wake) = (folder.appending(path: "ring"), folder.appending(path: "wake"))
        try Data(bytes).write(to: path)
        try Data(count: 4096).write(to: wake)
        try use(RingOffer(path: path.path, wakePath: wake.path, id: String(repeating: "0", count: 32)))
    }

    /// A file with a valid header and these entries.
    private func file(_ change: (UnsafeMutableRawBufferPointer) -> Void) -> [UInt8] {
        let layout = RingLayout(bytes: 64 << 10)
        var bytes = [UInt8](repeating: 0, count: layout.fileBytes)
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: RingLayout.magic, toByteOffset: RingLayout.magicOffset, as: UInt64.self)
            $0.storeBytes(of: layout.capacity, toByteOffset: RingLayout.capacityOffset, as: UInt64.self)
            change($0)
        }
        return bytes
    }

    /// Reads on whatever comes, and never without end.
    private func read(_ offer: RingOffer) throws -> (messages: Int, isDamaged: Bool) {
        let reader = try RingReader(offer, at: .oldest)
        var messages = 0
        for _ in 0..<100_000 {
            switch reader.look() {
            case .nothing: return (messages, false)
            case .damaged: return (messages, true)
            case .overrun: reader.resume()
            case .message(let entry):
                _ = reader.withName(of: entry) { $0.reduce(0) { $0 &+ Int($1) } }
                if reader.take(entry) {
                    _ = reader.withBody { $0.reduce(0) { $0 &+ Int($1) } }
                } else {
                    reader.resume()
                }
                messages += 1
            }
        }
        throw RingError("it never ends")
    }

    @Test func whatIsNoRingIsRefused() throws {
        for bytes in [[], [UInt8](repeating: 0, count: 100), [UInt8](repeating: 0, count: 1 << 20)] {
            try withFile(bytes) { offer in #expect(throws: RingError.self) { try RingReader(offer, at: .newest) } }
        }
        for capacity: UInt64 in [0, 96 << 10, 128 << 10, .max] {
            let file = file { $0.storeBytes(of: capacity, toByteOffset: RingLayout.capacityOffset, as: UInt64.self) }
            try withFile(file) { offer in #expect(throws: RingError.self) { try RingReader(offer, at: .newest) } }
        }
        for path in ["/nowhere", "/dev/zero", "/proc/self/mem", "/"] {
            let offer = RingOffer(path: path, wakePath: path, id: "")
            #expect(throws: RingError.self) { try RingReader(offer, at: .newest) }
        }
    }

    @Test func anEmptyRingIsARing() throws {
        try withFile(file { _ in }) { offer in
            let found = try read(offer)
            #expect(found == (0, false))
        }
    }

    @Test func aHeadBehindNothingIsDamage() throws {
        let file = file {
            $0.storeBytes(of: 4096 as UInt64, toByteOffset: RingLayout.claimedOffset, as: UInt64.self)
            $0.storeBytes(of: 4096 as UInt64, toByteOffset: RingLayout.headOffset, as: UInt64.self)
        }
        try withFile(file) { offer in
            let found = try read(offer)
            #expect(found.isDamaged)
        }
    }

    @Test func aClaimOfLessThanIsWrittenIsDamage() throws {
        let file = file {
            $0.storeBytes(of: 64 as UInt64, toByteOffset: RingLayout.headOffset, as: UInt64.self)
            $0.storeBytes(of: 32 | 1 << 32 as UInt64, toByteOffset: RingLayout.headerBytes + 8, as: UInt64.self)
        }
        try withFile(file) { offer in
            let found = try read(offer)
            #expect(found == (1, true))
        }
    }

    /// A ring as a writer leaves it, with bytes changed at random, most of them where it hurts.
    @Test func noChangeOfBytesLeadsAnywhere() throws {
        let writer = try RingWriter(bytes: 64 << 10)
        for number in 1...3000 { writer.write(UInt64(number), count: 8 + Int(number % 300)) }
        let good = try Data(contentsOf: URL(fileURLWithPath: writer.offer.path))
        var random = SystemRandomNumberGenerator()
        for round in 0..<60 {
            var bytes = [UInt8](good)
            bytes.replaceSubrange(RingLayout.idOffset..<RingLayout.idOffset + 16, with: repeatElement(0, count: 16))
            for _ in 0..<Int.random(in: 1...50, using: &random) {
                let place =
                    switch round % 3 {
                    case 0: Int.random(in: RingLayout.claimedOffset..<RingLayout.headOffset + 8, using: &random)
                    case 1:
                        RingLayout.headerBytes + Int.random(in: 0..<2048, using: &random) * 32
                            + Int.random(in: 0..<24, using: &random)
                    default: Int.random(in: RingLayout.claimedOffset..<bytes.count, using: &random)
                    }
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            try withFile(bytes) { offer in _ = try read(offer) }
        }
    }
}
