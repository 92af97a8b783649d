import Testing

@testable import quantcell

@Suite struct PublisherWindowTests {
    private func entry(_ number: UInt64, bytes: Int = 1) -> PublisherWindow.Entry {
        PublisherWindow.Entry(
            topic: [1],
            body: [UInt8](repeating: UInt8(number & 255), count: bytes),
            line: Int(number)
        )
    }

    private func window(_ count: UInt64, capacity: Int = 4) -> PublisherWindow {
        var window = PublisherWindow(capacity: capacity)
        for number in 0..<count { window.append(entry(number + 1)) }
        return window
    }

    private func send(_ window: inout PublisherWindow) -> [UInt64] {
        var sent: [UInt64] = []
        while let (number, entry) = window.next {
            #expect(entry.line == Int(number))
            sent.append(number)
            window.advance()
        }
        return sent
    }

    @Test func messagesStayUntilTheyAreSafe() {
        var window = window(4)
        #expect(!window.hasRoom)
        #expect(send(&window) == [1, 2, 3, 4])
        #expect(send(&window).isEmpty)
        let news = [2, 2, 1].map { window.acknowledge(through: $0) }
        #expect(news == [true, false, false])
        #expect(window.count == 2)
        #expect(window[2] == nil)
        #expect(window[3]?.line == 3)
        window.append(entry(5))
        #expect(window.rewind(to: 3) == true)
        #expect(send(&window) == [3, 4, 5])
        #expect(window.acknowledge(through: 99) == true)
        #expect(window.isEmpty)
        #expect(window.end == 6)
    }

    @Test func whatIsNotHereCannotBeSentAgain() {
        var window = window(3)
        #expect(window.acknowledge(through: 1) == true)
        let rewinds = [0, 1, 5].map { window.rewind(to: $0) }
        #expect(rewinds == [false, false, false])
        #expect(window.rewind(to: 4) == true)
        #expect(window.next == nil)
    }

    @Test func whatTheManagerHasIsKeptAndNotSent() {
        var window = PublisherWindow(accepted: 7, recorded: 5, capacity: 8)
        for number in 6...9 as ClosedRange<UInt64> { window.append(entry(number)) }
        #expect(send(&window) == [8, 9])
        // It has lost what it only had accepted.
        #expect(window.rewind(to: 6) == true)
        #expect(send(&window) == [6, 7, 8, 9])
    }

    @Test func bytesAreBoundedToo() {
        var window = PublisherWindow(capacity: 100, maxBytes: 10)
        window.append(entry(1, bytes: 8))
        #expect(window.hasRoom)
        window.append(entry(2, bytes: 8))
        #expect(!window.hasRoom)
        #expect(window.acknowledge(through: 1) == true)
        #expect(window.hasRoom)
    }
}
