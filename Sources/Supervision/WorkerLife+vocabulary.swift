package import ProcessControl
package import WireProtocol

// What goes into a life, and what comes out.
extension WorkerLife {
    /// What happened.
    package enum Event: Hashable, Sendable {
        /// The worker is to run, with its data held back or not; the first event of a life that begins.
        case start(Actor, isPaused: Bool = false)
        /// The first event of a life that goes on: a new manager has found the process, with its strategy running or paused.
        case adopt(generation: UInt64, restarts: UInt64, isPaused: Bool)
        /// The worker is to stop.
        case stop(Actor)
        /// Its data is to be held back.
        case pause(Actor)
        /// Its data is to flow again.
        case resume(Actor)
        /// A new process is to take over, the budget is whole again.
        case restart(Actor)
        /// The process stands still from now on, and another one with new code is being made ready.
        case reload(Actor)
        /// The other process is ready, and is the worker's from now on.
        case reloaded
        /// There will be no other process: the one that was there goes on, or what follows its end.
        case reloadFailed(String)

        /// A process is there: an idle spare, or one that has just been spawned.
        case acquired(idle: Bool)
        /// No process can be had.
        case acquireFailed(String)
        /// The process spoke for the first time.
        case connected
        /// The strategy has joined its topics and receives data.
        case joined
        /// The strategy could not be started; the process is about to end. A final refusal is one that every other process would repeat.
        case refused(String, isFinal: Bool = false)
        /// The strategy is alive and has failed for good, such as by its error budget.
        case failed(String)
        /// The worker says that it holds its data back.
        case paused
        /// The worker says that its data flows again.
        case resumed
        /// A sign of life.
        case heartbeat
        /// A sign of life that says which callback runs, and for how long.
        case progress(callback: String?, callbackSeconds: Double)
        /// How much the process has handled in all, and how much its topics have carried in all, as of a heartbeat. To be told after the
        /// heartbeat's ``progress(callback:callbackSeconds:)``; totals that only grow, whatever they began at.
        case data(handled: UInt64, offered: UInt64)
        /// The backtrace that ``Action/capture`` asked for.
        case captured(String)
        /// The process has ended and has been reaped; whether the kernel ended it for want of memory, and why it has never been the program
        /// that it was to be, where that is so.
        case exited(ExitStatus, outOfMemory: Bool = false, neverBegan: String? = nil)
        /// The process that was asked for is held back until then.
        case held(until: Instant)
        /// ``nextDeadline`` may have passed.
        case deadlinePassed
        /// The manager itself was not running for a while: what it did not hear then proves nothing.
        case absentManager
    }

    /// What is to be done, in order.
    package enum Action: Hashable, Sendable {
        /// Record the change, and tell whoever wants to know.
        case announce(Transition)
        /// Get a process: claim a spare or spawn one.
        case acquire(generation: UInt64)
        /// Hand the strategy to the process.
        case load
        /// Tell the process to `stop`, `pause` or `resume`.
        case ask(MessageType)
        /// Send a signal to the process and its group.
        case signal(Signal)
        /// Let go of the process that was to take over: it is not ready in time.
        case abandonReload(String)
        /// Take a backtrace of the process and answer with ``Event/captured(_:)``; the process is ended soon, with or without it.
        case capture
        /// Say something that is not a change of state.
        case report(String)
    }
}
