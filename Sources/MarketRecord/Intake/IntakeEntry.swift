/// One message as it stands in the intake ring.
///
/// Its bytes are those of the ring, and valid until the ring's tail has passed them.
struct IntakeEntry {
    /// Place in the order of arrival over all topics, from 1.
    let position: UInt64
    /// Place in its topic.
    let sequence: UInt64
    /// Nanoseconds since the Unix epoch.
    let receiveTime: Int64
    /// The publisher's own number for it; 0 where it has none.
    let number: UInt64
    let topic: UnsafeRawBufferPointer
    /// The publisher's id; empty for one that does not number its messages.
    let publisher: UnsafeRawBufferPointer
    let body: UnsafeRawBufferPointer
    /// Bytes of the ring that it takes.
    let ringBytes: Int
}

/// Where the fields of an entry lie, native byte order, offsets in bytes; an entry begins at a multiple of 8.
///
/// | offset | field | type |
/// |---|---|---|
/// | 0 | bytes of the entry, a multiple of 8 | u32 |
/// | 4 | 1 message, 2 padding up to the end of the ring | u32 |
/// | 8 | bytes of the body | u32 |
/// | 12 | bytes of the topic | u16 |
/// | 14 | bytes of the publisher's id | u16 |
/// | 16 | position | u64 |
/// | 24 | sequence | u64 |
/// | 32 | receive time, nanoseconds since the Unix epoch | i64 |
/// | 40 | the publisher's number | u64 |
/// | 48 | topic, publisher, body | |
enum IntakeLayout {
    static let total = 0
    static let type = 4
    static let bodyBytes = 8
    static let topicBytes = 12
    static let publisherBytes = 14
    static let position = 16
    static let sequence = 24
    static let receiveTime = 32
    static let number = 40
    static let text = 48

    static let message: UInt32 = 1
    static let padding: UInt32 = 2

    /// The bytes of an entry with so much text.
    static func bytes(topic: Int, publisher: Int, body: Int) -> Int {
        (text + topic + publisher + body + 7) & ~7
    }
}
