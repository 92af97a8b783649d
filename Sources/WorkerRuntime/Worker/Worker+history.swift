import CLinux
import CrashPoints
import StrategyKit
import WireProtocol
import ZeroMQ

// What is got from the record.
extension Worker {
    /// Gets what is missing; data is not read until it is there. What comes meanwhile waits in the socket, and what finds no room
    /// there makes the next hole.
    func recover(_ new: Recovery) {
        recovery = new
        gauges.catchesUp(true)
        runner?.isReplaying = true
        runner?.isWarmingUp = new.purpose == .warmUp
        askForMore()
    }

    /// Asks for what is still missing; ends the recovery when that is nothing.
    private func askForMore() {
        guard let runner, let recovery else { return }
        let open = recovery.open(in: runner.topics)
        guard !open.isEmpty, !runner.isBroken else { return endRecovery() }
        guard let history else { return giveUp("the manager keeps no record") }
        do {
            try history.ask(ReplayRequest(ranges: open), at: qc_monotonic_ns())
        } catch {
            giveUp("\(error)")
        }
    }

    private func giveUp(_ reason: String) {
        guard let runner, var recovery else { return }
        let lost = recovery.giveUp(reason, in: &runner.topics)
        runner.lose(lost, purpose: recovery.purpose)
        endRecovery()
    }

    /// Handles what is there of the record, but no longer than a moment.
    func readHistory() throws {
        guard let history, let runner else { return }
        var moment = Moment()
        repeat {
            // A callback may have led to the end of the recovery, or of the strategy.
            guard readsHistory, var recovery else { return }
            guard !runner.isBroken else { return leaveRecovery() }
            switch try history.receive() {
            case .nothing:
                return
            case .answer(let answer):
                recovery.begin(answer, in: runner.topics)
                self.recovery = recovery
            case .refused(let reason):
                log(.warning, "recorded data cannot be had now: \(reason)")
            case .message:
                history.topicFrame.withBytes { topic in
                    history.bodyFrame.withBytes { body in
                        runner.replay(topic: topic, body: body, in: &recovery)
                    }
                }
                self.recovery = recovery
                if runner.checkpointer?.isFull == true { saveIfDue() }
            case .end:
                CrashPoint.reach("worker.replay.chunk")
                let lost = recovery.end(in: &runner.topics)
                self.recovery = recovery
                runner.lose(lost, purpose: recovery.purpose)
                askForMore()
            }
        } while history.isAtEnd || goesOn(&moment, givingWay: true)
    }

    /// Asks and handles no more. What a strategy has given up on is not lost: it is still in the record.
    private func leaveRecovery() {
        recovery = nil
        gauges.catchesUp(false)
        runner?.isReplaying = false
        runner?.isWarmingUp = false
    }

    private func endRecovery() {
        guard let purpose = recovery?.purpose else { return }
        leaveRecovery()
        switch purpose {
        case .gap: handleMessageInHand()
        case .catchUp: log(.info, "caught up after \(gauges[.replayed]) messages")
        case .warmUp: settle()
        case .sandbox: if case .sandboxed = phase { endSandbox() }
        }
    }

    func history(of topic: Topic, count: Int, before: UInt64?) throws(StrategyError) -> [MarketEvent] {
        guard let address = environment.historyAddress, let kind = topic.kind else {
            throw StrategyError("history: the manager keeps no record")
        }
        do {
            var query = try HistoryQuery(topic, kind, over: HistoryQuery.connect(context, address, environment.curve))
            return try query.last(count, before: before)
        } catch let error as StrategyError {
            throw error
        } catch {
            throw StrategyError("history: \(error)")
        }
    }
}
