import { RequestError } from "./api.js";
import { EventParser } from "./event-parser.js";

/** The manager sends at least a comment every 10 s; a connection that is silent for longer than this is a dead one. */
const SILENCE_MS = 30_000;

/**
 * Follows `/api/v1/events` until it ends, and asks for what comes after the last event that was taken.
 *
 * The browser's EventSource does not tell a manager that is away from a session that is over, nor a dead connection from a quiet
 * one; the page must.
 */
export class EventStream {
    /** The id of the last event that was taken; `null` before the first. */
    lastID = null;
    #abort = null;

    /**
     * Reads until the connection ends, which it always does with an error.
     *
     * `onOpen` is called when the manager has answered, `onEvents` with what has come since, as `{type, data}`.
     */
    async follow({ onOpen, onEvents }) {
        const abort = new AbortController();
        this.#abort = abort;
        let silence = null;
        const hear = () => {
            clearTimeout(silence);
            silence = setTimeout(() => abort.abort(), SILENCE_MS);
        };
        try {
            hear();
            const response = await fetch("/api/v1/events", {
                signal: abort.signal,
                credentials: "same-origin",
                cache: "no-store",
                headers: this.lastID === null ? {} : { "last-event-id": this.lastID },
            });
            if (!response.ok) throw new RequestError(response.status, "", `the manager refused the events (HTTP ${response.status})`);
            onOpen();
            const parser = new EventParser();
            const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
            for (;;) {
                const { done, value } = await reader.read();
                if (done) break;
                hear();
                const events = parser.push(value);
                if (events.length) onEvents(events.map(({ type, data }) => ({ type, data: JSON.parse(data) })));
                this.lastID = events.findLast((event) => event.id !== null)?.id ?? this.lastID;
            }
        } catch (error) {
            if (error instanceof RequestError) throw error;
        } finally {
            clearTimeout(silence);
            abort.abort();
        }
        throw new RequestError(0, "UNREACHABLE", "the connection to the manager was lost");
    }

    /** Ends the connection, so that a new one can be made at once. */
    drop() {
        this.#abort?.abort();
    }
}
