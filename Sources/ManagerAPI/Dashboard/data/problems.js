import { clock, count, counted, duration, epoch } from "../base/format.js";

/** A restart is worth knowing of for so many seconds. */
const RECENTLY = 600;
/** A worker that is further behind than this many seconds is worth a look. */
const LAG_SECONDS = 10;
/** The control loop should never be later than this many seconds. */
const LOOP_LAG_SECONDS = 0.5;

const ORDER = ["bad", "warn", "note"];

/**
 * What is wrong, the worst first: `{level, about, text, more, todo, workerID}`.
 *
 * `level` is `bad` (somebody must act), `warn` (somebody should look), or `note` (it is over, or about to be).
 */
export function problems(manager, connection) {
    const found = [...ofConnection(connection), ...ofManager(manager), ...ofTopics(manager)];
    for (const { status } of manager.workers.values()) found.push(...ofWorker(status, manager.now()));
    return found.sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
}

function* ofConnection({ state, problem, currentAt }) {
    const lost = (text, more, todo) => ({ level: "bad", about: "connection", text, more, todo, workerID: null });
    const age = currentAt ? `all below is of ${clock(currentAt)}` : "nothing was seen yet";
    if (state === "signed-out") yield lost(`ended with your session: ${age}`, null, "Run 'quantcell dashboard' and open its link.");
    if (state !== "reconnecting") return;
    const todo = "The page comes back by itself. Does the manager run? 'quantcell ping' tells; 'quantcell-manager run' starts it.";
    yield lost(`lost: ${age}`, problem, todo);
}

function* ofWorker(worker, now) {
    const id = worker.worker_id;
    const problem = (level, text, todo, more = null) => ({ level, about: id, text, todo, more, workerID: id });
    const { metadata = {} } = worker;

    if (worker.state === "error") {
        yield problem("bad", "is in error", "Look at why, mend the strategy, then restart it.", worker.last_error);
    } else if (worker.state === "recovering") {
        yield problem("warn", "failed and is about to be restarted", "Restart it now, or stop it to keep it down.", worker.last_error);
    } else if (worker.state !== "stopped") {
        const failedAt = epoch(worker.last_error_time);
        if (worker.restarts > 0 && failedAt !== null && now - failedAt < RECENTLY) {
            yield problem("note", `was restarted ${duration(now - failedAt)} ago`, "Look at why.", worker.last_error);
        }
    }
    for (const verdict of metadata.verdicts ?? []) {
        yield problem("bad", verdictText(verdict, metadata), "Look at why; restart it if it does not come back.");
    }
    if (worker.state === "stopped") return;
    if (metadata.messages_lost > 0) {
        const text = `lost ${counted(metadata.messages_lost, "message")} that could not be recovered`;
        yield problem("warn", text, "Compare its signals with a replay of the recorded data.");
    }
    if (worker.errors_count > 0 && worker.state !== "error") {
        yield problem("warn", `${counted(worker.errors_count, "error")} in its callbacks`, "Read its log.");
    }
    if (worker.state === "running" && metadata.lag_seconds > LAG_SECONDS) {
        const text = `is ${duration(metadata.lag_seconds)} (${counted(metadata.lag_messages, "message")}) behind`;
        yield problem("warn", text, "It catches up, or its callback takes too long: look at its rate and CPU.");
    }
}

function verdictText(verdict, metadata) {
    switch (verdict) {
        case "frozen":
            return "is frozen: no heartbeat comes";
        case "stuck":
            return `is stuck in ${metadata.callback ?? "a callback"} for ${duration(metadata.callback_seconds)}`;
        case "starved":
            return "is starved: no data comes";
        default:
            return `is ${verdict}`;
    }
}

function* ofManager({ status, totals }) {
    const problem = (level, text, todo) => ({ level, about: "manager", text, todo, more: null, workerID: null });
    if (status && status.status !== "running") {
        yield problem(status.status === "degraded" ? "bad" : "warn", `is ${status.status}`, "Read the manager's log.");
    }
    if (status?.environment?.security?.insecure_tcp) {
        const text = "is open to everybody who reaches its TCP endpoints: insecure_tcp is true, and they have no keys";
        yield problem("bad", text, "Make keys with 'quantcell keys new', then take insecure_tcp out of the configuration.");
    }
    const statistics = status?.statistics ?? {};
    for (const warning of statistics.warnings ?? []) yield problem("bad", warning, "Read the manager's log.");
    const lag = statistics.loop_lag?.last_seconds;
    if (lag > LOOP_LAG_SECONDS) {
        yield problem("warn", `its control loop is ${duration(lag)} late`, "The machine is overloaded: look for what takes its processors.");
    }
    if (totals?.record?.blocked) {
        yield problem("bad", "the recorder is blocked", "The disk is too slow or full: free space in the data folder.");
    }
}

function* ofTopics({ topics }) {
    for (const { counters, history } of topics.values()) {
        const problem = (level, text, todo) => ({ level, about: counters.topic, text, todo, more: null, workerID: null });
        if (counters.unrecorded > 0) {
            yield problem("warn", `${counted(counters.unrecorded, "message")} could not be recorded`, "See 'quantcell data gaps'.");
        }
        if (history.refusals.last > 0) {
            const text = `messages are being refused, ${count(counters.refused)} so far`;
            yield problem("warn", text, "Filter the journal by 'refused': it says what is wrong with them.");
        }
    }
}
