import { Journal } from "./journal.js";
import { TopicHistory } from "./topic-history.js";
import { WorkerHistory } from "./worker-history.js";

/** Looks further apart than this are not joined by a line. */
const INTERRUPTION_SECONDS = 5;

/**
 * All that the page knows of the manager. It says `workers`, `topics`, `status` or `journal` when that has changed;
 * views read from here and never from an answer.
 */
export class ManagerState extends EventTarget {
    /** By id: `{status, history}`. */
    workers = new Map();
    /** By name: `{counters, history}`. */
    topics = new Map();
    /** Counters over all topics; `null` before the first look. */
    totals = null;
    status = null;
    session = null;
    journal = new Journal();

    #clockOffset = 0;
    #looked = { workers: null, topics: null };
    /** Transitions that a look at the workers may not have seen yet, by worker. */
    #ahead = new Map();

    /** The manager's clock in seconds since the Unix epoch; ages are measured by it, whatever the clock here says. */
    now() {
        return Date.now() / 1000 + this.#clockOffset;
    }

    takeClock(seconds) {
        if (Number.isFinite(seconds)) this.#clockOffset = seconds - Date.now() / 1000;
    }

    takeWorkers(list, time) {
        const isInterrupted = this.#isInterrupted("workers", time);
        const known = this.workers;
        this.workers = new Map();
        for (const id of this.#ahead.keys()) {
            if (!list.some((status) => status.worker_id === id)) this.#ahead.delete(id);
        }
        for (const status of list) {
            const worker = known.get(status.worker_id) ?? { history: new WorkerHistory() };
            if (isInterrupted) worker.history.interrupt();
            worker.history.take(status, time);
            worker.status = this.#withTransition(status);
            this.workers.set(status.worker_id, worker);
        }
        this.#tell("workers");
    }

    takeTopics(data, time) {
        const isInterrupted = this.#isInterrupted("topics", time);
        const known = this.topics;
        this.topics = new Map();
        for (const counters of data.topics) {
            const topic = known.get(counters.topic) ?? { history: new TopicHistory() };
            if (isInterrupted) topic.history.interrupt();
            topic.history.take(counters, time);
            topic.counters = counters;
            this.topics.set(counters.topic, topic);
        }
        this.totals = data;
        this.#tell("topics");
    }

    takeStatus(status) {
        this.status = status;
        this.#tell("status");
    }

    takeSession(session) {
        this.session = session;
        this.#tell("status");
    }

    /** Takes what the journal held when the page was opened; looks at the workers know of it. */
    takeBacklog(entries) {
        if (this.journal.append(entries).length) this.#tell("journal");
    }

    /** Takes what has just been written to the journal. */
    takeEntries(entries) {
        const fresh = this.journal.append(entries);
        if (!fresh.length) return;
        let isChanged = false;
        for (const entry of fresh) {
            if (entry.kind !== "transition" || entry.worker_id === null) continue;
            this.#ahead.set(entry.worker_id, entry);
            const worker = this.workers.get(entry.worker_id);
            if (!worker) continue;
            worker.status = { ...worker.status, state: entry.to_state, generation: entry.generation };
            isChanged = true;
        }
        this.#tell("journal");
        if (isChanged) this.#tell("workers");
    }

    takeOlderEntries(entries) {
        this.journal.prepend(entries);
        this.#tell("journal");
    }

    /** Forgets what belongs to another life of the manager's journal. */
    forgetJournal() {
        this.journal = new Journal();
        this.#tell("journal");
    }

    get mayOperate() {
        return this.session === null || this.session.scope !== "read";
    }

    /** A look that is older than a transition does not undo it. */
    #withTransition(status) {
        const entry = this.#ahead.get(status.worker_id);
        if (!entry) return status;
        if (status.state === entry.to_state || status.generation > entry.generation) {
            this.#ahead.delete(status.worker_id);
            return status;
        }
        // Seen once more and still different: the look is right, and the entry is what is old.
        if (entry.isPassedOver) {
            this.#ahead.delete(status.worker_id);
            return status;
        }
        this.#ahead.set(status.worker_id, { ...entry, isPassedOver: true });
        return { ...status, state: entry.to_state, generation: entry.generation };
    }

    #isInterrupted(what, time) {
        const before = this.#looked[what];
        this.#looked[what] = time;
        return before !== null && time - before > INTERRUPTION_SECONDS;
    }

    #tell(what) {
        this.dispatchEvent(new Event(what));
    }
}
