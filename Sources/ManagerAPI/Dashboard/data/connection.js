import { api } from "./api.js";
import { EventStream } from "./event-stream.js";

const LOOK_EVERY_MS = 1000;
/** The manager's own status is looked at once in so many looks at the workers and topics. */
const STATUS_EVERY = 3;
const BACKLOG = 500;
const LEAST_MS = 150;
const RETRY_MS = [250, 500, 1000, 2000, 3000];

/**
 * Keeps the state up to date: the journal by events, the numbers by looking once a second. It says `change` when what it
 * knows of the connection itself has changed.
 */
export class Connection extends EventTarget {
    /** `connecting`, `live`, `reconnecting`, or `signed-out`. */
    state = "connecting";
    /** When all that is shown was last current; `null` before the first time. */
    currentAt = null;
    /** Why it is not live. */
    problem = "";

    #manager;
    #stream = new EventStream();
    #isStreaming = false;
    #isLooking = false;
    #looks = 0;
    /** Events that wait until the journal's backlog is there. */
    #held = null;
    #alarms = new Set();
    #isLookWanted = false;

    constructor(manager) {
        super();
        this.#manager = manager;
    }

    /** Begins, and goes on for as long as the page is open or the session lasts. */
    start() {
        window.addEventListener("online", () => this.tryNow());
        document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.tryNow());
        this.#keepDoing(() => this.#look(), LOOK_EVERY_MS);
        this.#keepDoing(() => this.#follow(), 0);
    }

    /** Does not wait for the next look or the next attempt. */
    tryNow() {
        this.#isLookWanted = true;
        for (const wake of this.#alarms) wake();
    }

    /** Repeats something; after failures it waits longer each time, up to three seconds. */
    async #keepDoing(work, pause) {
        let failures = 0;
        while (this.state !== "signed-out") {
            this.#isLookWanted = false;
            try {
                await work();
                failures = 0;
            } catch (error) {
                this.#lose(error);
                failures += 1;
            }
            // However much happens, there is room between two looks.
            await this.#pause(LEAST_MS, false);
            const wait = failures ? RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] : pause;
            if (!this.#isLookWanted) await this.#pause(wait - LEAST_MS);
        }
    }

    #pause(milliseconds, canBeWoken = true) {
        return new Promise((resolve) => {
            const wake = () => {
                clearTimeout(timer);
                this.#alarms.delete(wake);
                resolve();
            };
            const timer = setTimeout(wake, milliseconds);
            if (canBeWoken) this.#alarms.add(wake);
        });
    }

    async #look() {
        try {
            const isWhole = this.#looks % STATUS_EVERY === 0;
            const [workers, topics, status, session] = await Promise.all([
                api.workers(),
                api.topics(),
                isWhole ? api.status() : null,
                this.#manager.session ? null : api.session(),
            ]);
            this.#looks += 1;
            this.#manager.takeClock(workers.time);
            if (session) this.#manager.takeSession(session.data);
            if (status) this.#manager.takeStatus(status.data);
            this.#manager.takeTopics(topics.data, topics.time);
            this.#manager.takeWorkers(workers.data.workers, workers.time);
            this.#isLooking = true;
            this.#settle();
        } catch (error) {
            this.#isLooking = false;
            this.#looks = 0;
            throw error;
        }
    }

    async #follow() {
        try {
            await this.#stream.follow({
                onOpen: () => {
                    this.#isStreaming = true;
                    this.#settle();
                },
                onEvents: (events) => this.#take(events),
            });
        } finally {
            this.#isStreaming = false;
        }
    }

    #take(events) {
        for (const { type, data } of events) {
            if (type === "snapshot" || type === "gap") this.#loadBacklog();
            if (type === "snapshot") this.#manager.takeWorkers(data.workers, this.#manager.now());
        }
        const entries = events.filter(({ type }) => type === "journal").map(({ data }) => data);
        if (!entries.length) return;
        if (this.#held) this.#held.push(...entries);
        else this.#takeEntries(entries);
    }

    #takeEntries(entries) {
        const last = this.#manager.journal.last;
        // The stream has no holes; should one come about all the same, then what was missed is read and not passed over.
        if (last !== null && entries[0].seq > last + 1) this.#loadBacklog();
        else this.#manager.takeEntries(entries);
        if (entries.some(({ kind }) => kind !== "signal")) this.tryNow();
    }

    async #loadBacklog() {
        if (this.#held) return;
        this.#held = [];
        try {
            const { data } = await api.journal({ limit: BACKLOG });
            this.#manager.forgetJournal();
            this.#manager.takeBacklog(data.entries);
        } catch (error) {
            this.#lose(error);
            // Without it the events would not join on; the next connection brings both.
            this.#stream.lastID = null;
            this.#stream.drop();
        }
        const held = this.#held;
        this.#held = null;
        this.#manager.takeEntries(held);
    }

    #settle() {
        if (!this.#isLooking || !this.#isStreaming) return;
        this.currentAt = new Date();
        this.#become("live", "");
    }

    #lose(error) {
        if (error.isSignedOut) this.#become("signed-out", "");
        else this.#become(this.currentAt ? "reconnecting" : "connecting", error.message);
    }

    #become(state, problem) {
        if (this.state === "signed-out" || (this.state === state && this.problem === problem)) return;
        this.state = state;
        this.problem = problem;
        if (state === "signed-out") this.#stream.drop();
        this.dispatchEvent(new Event("change"));
    }
}
