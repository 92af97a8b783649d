internal import WireProtocol

/// Somebody who has asked for something, and how to answer.
struct Requester {
    /// What was asked.
    let request: Message
    /// Who asked, and from where.
    let origin: CommandOrigin
    /// Sends an answer that was made for this request, or for an equal one that was under way.
    let answer: (Message) -> Void
    /// Sends once more the bytes of what answered an equal request before.
    let repeatAnswer: ([UInt8]) -> Void
}
