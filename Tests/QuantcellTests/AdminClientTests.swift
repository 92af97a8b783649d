import Testing
import WireProtocol
import ZeroMQ

@testable import quantcell

@Suite struct AdminClientTests {
    @Test func aLongCommandIsAcceptedAndThenDone() throws {
        let runtime = try TemporaryRuntime()
        let manager = try TestManager(
            runtime,
            answers: [[(.ack, ["result": "accepted"]), (.ack, ["result": "done", "worker_id": "w"])]]
        )
        let client = try AdminClient(runtime.location, timeout: .seconds(10))
        var accepted = 0
        let answer = try client.ask(.stop, workerID: "w", payload: ["x": 1]) { accepted += 1 }
        #expect(answer["worker_id"] == "w")
        #expect(accepted == 1)
        let requests = manager.requests()
        #expect(requests.map(\.type) == [.stop])
        #expect(requests.first?.workerID == "w")
        #expect(requests.first?.payload == ["x": 1])
    }

    @Test func aRefusalIsTheManagersOwnWords() throws {
        let runtime = try TemporaryRuntime()
        let manager = try TestManager(
            runtime,
            answers: [[(.error, ["result": "refused", "code": "X", "message": "a.swift:1:2: error: no\n"])]]
        )
        let client = try AdminClient(runtime.location, timeout: .seconds(10))
        do {
            _ = try client.ask(.start)
            Issue.record("a refused command must not succeed")
        } catch {
            #expect(error == CommandFailure(status: 1, message: "a.swift:1:2: error: no"))
        }
        _ = manager.requests()
    }

    @Test func aManagerThatIsSilentTimesOut() throws {
        let runtime = try TemporaryRuntime()
        let router = try runtime.bind(.router, "admin")
        let client = try AdminClient(runtime.location, timeout: TimeSpan(nanoseconds: 50_000_000))
        do {
            _ = try client.ask(.ping)
            Issue.record("nobody has answered")
        } catch {
            #expect(error.status == 75)
        }
        // Until here it must live, so that it is silent and not absent.
        _ = try router.receive()
    }

    @Test func noManagerIsNoticedAtOnce() throws {
        let runtime = try TemporaryRuntime()
        do {
            _ = try AdminClient(runtime.location, timeout: .seconds(3600))
            Issue.record("nobody listens")
        } catch let failure as CommandFailure {
            #expect(failure.status == 69)
            #expect(failure.message?.contains("quantcell-manager run --runtime-dir \(runtime.path)") == true)
        }
    }

    @Test func recordsAreReadPageByPage() throws {
        let runtime = try TemporaryRuntime()
        let manager = try TestManager(
            runtime,
            answers: [
                [(.ack, ["result": "done", "entries": [["seq": 3], ["seq": 4]], "last_seq": 4])],
                [(.ack, ["result": "done", "entries": [["seq": 9]], "last_seq": 9])],
                [(.ack, ["result": "done", "entries": [], "last_seq": nil])],
            ]
        )
        let client = try AdminClient(runtime.location, timeout: .seconds(10))
        let query = RecordQuery.journal(workerID: "w", sinceNanoseconds: 7, kind: "signal")
        var seen: [JSONValue] = []
        let last = try query.readOn(client, after: 2) { seen += $0 }
        #expect(seen == [["seq": 3], ["seq": 4], ["seq": 9]])
        #expect(last == 9)
        let payloads = manager.requests().map(\.payload)
        #expect(payloads.map { $0["after_seq"] } == [2, 4, 9])
        #expect(payloads.first?["since_ns"] == 7)
        #expect(payloads.first?["kind"] == "signal")
        #expect(payloads.first?["worker_id"] == "w")
    }
}
