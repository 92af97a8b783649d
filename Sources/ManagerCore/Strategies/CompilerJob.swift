internal import ProcessControl
internal import ZeroMQ

/// One run of the compiler, and everybody who waits for it.
final class CompilerJob {
    let folder: String
    let work: String
    let source: [UInt8]
    let path: String
    var child: ChildProcess?
    var watch: EventLoop.Watch?
    var timer: EventLoop.Timer?
    var isLate = false
    var waiting: [(StrategyCompiler.Outcome) -> Void] = []

    init(folder: String, work: String, source: [UInt8], path: String) {
        self.folder = folder
        self.work = work
        self.source = source
        self.path = path
    }
}
