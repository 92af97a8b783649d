import Testing

@testable import ProcessControl

struct SignalTests {
    @Test(arguments: [
        (Signal.kill, "SIGKILL"), (.term, "SIGTERM"), (.segv, "SIGSEGV"), (Signal(rawValue: 40), "signal 40"),
        (Signal(rawValue: -1), "signal -1"),
    ])
    func isCalledWhatPeopleCallIt(signal: Signal, name: String) {
        #expect(signal.description == name)
    }
}
