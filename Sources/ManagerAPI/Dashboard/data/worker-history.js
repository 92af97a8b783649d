import { epoch } from "../base/format.js";
import { Series } from "../base/series.js";

/** How many looks are kept of each quantity: five minutes at one a second. */
export const HISTORY = 300;

/** A heartbeat older than this many seconds says nothing about now. */
const HEARTBEAT_COUNTS = 4;

/** What a worker did lately. Rates come from the difference between two heartbeats of the same process. */
export class WorkerHistory {
    rate = new Series(HISTORY);
    lag = new Series(HISTORY);
    memory = new Series(HISTORY);
    cpu = new Series(HISTORY);
    #before = null;
    #rate = null;
    #cpu = null;

    /** Takes a look at the worker; `now` is the manager's clock in seconds. */
    take(worker, now) {
        const usage = worker.metadata?.usage;
        const heartbeat = epoch(worker.last_heartbeat);
        const look = {
            generation: worker.generation,
            heartbeat,
            messages: worker.messages_processed,
            cpu: usage?.cpu_seconds ?? null,
        };
        const before = this.#before;
        if (before?.generation !== look.generation) {
            this.#rate = null;
            this.#cpu = null;
            this.#before = look;
        } else if (heartbeat !== null && before.heartbeat !== null && heartbeat > before.heartbeat) {
            const seconds = heartbeat - before.heartbeat;
            this.#rate = difference(look.messages, before.messages, seconds);
            this.#cpu = difference(look.cpu, before.cpu, seconds);
            this.#before = look;
        } else if (before.heartbeat === null) {
            this.#before = look;
        }
        const isHeard = worker.pid !== null && heartbeat !== null && now - heartbeat < HEARTBEAT_COUNTS;
        this.rate.push(isHeard ? this.#rate : null);
        this.cpu.push(isHeard ? this.#cpu : null);
        this.memory.push(isHeard ? (usage?.resident_bytes ?? null) : null);
        this.lag.push(isHeard ? (worker.metadata?.lag_messages ?? null) : null);
    }

    /** Notes that nobody looked for a while: the charts show a gap. */
    interrupt() {
        for (const series of [this.rate, this.lag, this.memory, this.cpu]) series.push(null);
    }
}

function difference(now, before, seconds) {
    if (typeof now !== "number" || typeof before !== "number" || now < before || seconds <= 0) return null;
    return (now - before) / seconds;
}
