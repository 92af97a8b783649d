// The topic that a JSON body names.
extension MarketEnvelope {
    /// The topic of the envelope's payload.
    ///
    /// - Parameter bytes: The body that was scanned.
    /// - Throws: ``ProtocolError`` when symbol or data type is missing or breaks the rules.
    package func topic(in bytes: UnsafeRawBufferPointer) throws(ProtocolError) -> Topic {
        guard let symbol, let dataType else { throw ProtocolError("'payload' needs 'symbol' and 'data_type'") }
        let scanner = JSONScanner(bytes)
        do {
            return try Topic(symbol: scanner.text(symbol), dataType: scanner.text(dataType))
        } catch let error as ProtocolError {
            throw error
        } catch {
            throw ProtocolError("\(error)")
        }
    }

    /// Checks that the payload does not contradict its topic frame; either part may be left out.
    ///
    /// - Throws: ``ProtocolError``
    package func checkTopic(_ topic: Topic, in bytes: UnsafeRawBufferPointer) throws(ProtocolError) {
        let scanner = JSONScanner(bytes)
        guard symbol.map({ scanner.equals($0, topic.symbol) }) ?? true,
            dataType.map({ scanner.equals($0, topic.dataType) }) ?? true
        else {
            throw ProtocolError("'payload' names another topic than the frame before it")
        }
    }
}

extension MarketEnvelope {
    /// Writes the name of the topic, as a frame has it, into `name`; the rules for topics are not checked.
    ///
    /// - Returns: `false` where a part of it is missing, or written with escapes.
    package func writeTopic(in bytes: UnsafeRawBufferPointer, into name: inout [UInt8]) -> Bool {
        guard let symbol, let dataType, !symbol.isEscaped, !dataType.isEscaped else { return false }
        let scanner = JSONScanner(bytes)
        name.removeAll(keepingCapacity: true)
        name.append(contentsOf: "market.".utf8)
        name.append(contentsOf: scanner.raw(symbol))
        name.append(UInt8(ascii: "."))
        name.append(contentsOf: scanner.raw(dataType))
        return true
    }
}

extension JSONScanner {
    /// Whether the string in `range` is `text`, in any spelling.
    fileprivate func equals(_ range: StringRange, _ text: String) -> Bool {
        if range.isEscaped { return (try? self.text(range)) == text }
        return raw(range).elementsEqual(text.utf8)
    }
}
