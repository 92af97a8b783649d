internal import Glibc

/// Whether, how often and how soon a worker that failed is started again.
///
/// **How often.** Each ``FailureCause`` has its own budget: within ``restartWindow`` it is granted ``maxRestarts`` restarts, or what
/// ``budgets`` says for it. A spent budget leaves the worker in error until a person restarts it.
///
/// **How soon.** Every restart within the window, of whatever cause, weighs `0.5 ^ (h / recoveryHalfLife)`, where `h` is the time for which
/// the worker has been healthy since. With the sum `s` of the weights, the next restart comes
///
///     at once                                                           where s < 0.5
///     after min(backoffBase · 2^(s - 1), backoffMax) · (1 + jitter · r)   otherwise, r at random from 0 up to 1
///
/// A worker that fails again and again without recovering so waits 0, 1, 2, 4 … times the base, and one that was healthy for long begins
/// near the beginning. The decaying score is that of suture (thejerf/suture, `supervisor.go`, `failures * 0.5^(Δt / decay) + 1`); there
/// the time since the last failure counts, here only the time spent healthy: waiting mends nothing.
public struct RestartPolicy: Hashable, Sendable {
    /// After which ends a worker is started again.
    public enum Mode: String, CaseIterable, Codable, Hashable, Sendable {
        /// After every end that nobody asked for, also with exit code 0.
        case always
        /// After failures; a process that ends by itself with exit code 0 is done, and its worker stopped.
        case onFailure = "on-failure"
        /// After none.
        case never
    }

    /// After which ends it is started again. Exit code 125 asks for no restart in every mode.
    public var mode: Mode
    /// How many restarts are granted to each cause within ``restartWindow``; with 0 a failure is final.
    public var maxRestarts: Int
    /// How far back restarts count.
    public var restartWindow: Duration
    /// Delay before the second restart in a window; the first comes at once, and each further one doubles the delay.
    public var backoffBase: Duration
    /// The longest delay, before jitter.
    public var backoffMax: Duration
    /// How much of the delay is added at random, 0 to 1, so that workers that fell together do not rise together.
    public var jitter: Double
    /// After how much healthy time an earlier restart weighs half in the delay.
    public var recoveryHalfLife: Duration
    /// Causes whose budget is not ``maxRestarts``.
    public var budgets: [FailureCause: Int]

    /// Makes a policy: by default always, 3 restarts of each cause in 300 s; at once, then after 1 s, 2 s … 60 s and up to a quarter more,
    /// with a half-life of 60 healthy seconds.
    public init(
        mode: Mode = .always,
        maxRestarts: Int = 3,
        restartWindow: Duration = .seconds(300),
        backoffBase: Duration = .seconds(1),
        backoffMax: Duration = .seconds(60),
        jitter: Double = 0.25,
        recoveryHalfLife: Duration = .seconds(60),
        budgets: [FailureCause: Int] = [:]
    ) {
        self.mode = mode
        self.maxRestarts = maxRestarts
        self.restartWindow = restartWindow
        self.backoffBase = backoffBase
        self.backoffMax = backoffMax
        self.jitter = jitter
        self.recoveryHalfLife = recoveryHalfLife
        self.budgets = budgets
    }

    /// How many restarts a cause is granted within the window.
    public func limit(for cause: FailureCause) -> Int {
        budgets[cause] ?? maxRestarts
    }

    /// The delay before the next restart.
    ///
    /// - Parameters:
    ///   - score: The weights of the restarts in the window, added up.
    ///   - random: From 0 up to 1: where in the jitter this one falls.
    func delay(score: Double, random: Double) -> Duration {
        guard score >= 0.5 else { return .zero }
        // In floating point, where doubling too often gives infinity and not an overflow.
        let seconds = min((backoffBase / .seconds(1)) * exp2(score - 1), backoffMax / .seconds(1))
        return .seconds(seconds) * (1 + jitter * random)
    }
}
