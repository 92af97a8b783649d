import { h } from "../base/dom.js";
import { advice } from "../views/toasts.js";

/**
 * A tab that shows an answer of the manager about a worker, and asks anew when the journal has something of its kind about it.
 *
 * What it is about is for the class that extends it: `ask(signal)` resolves to the answer, `show(data)` puts it into `body`.
 */
export class AskingTab {
    #abort = new AbortController();
    #kind;
    #isAsking = false;
    #seen = null;

    constructor(body, id, manager, kind) {
        this.body = body;
        this.id = id;
        this.manager = manager;
        this.#kind = kind;
        body.append(h("p", { class: "empty" }, "Asking…"));
        this.#ask();
    }

    close() {
        this.#abort.abort();
    }

    noticeJournal() {
        if (!this.#isAsking && !this.#abort.signal.aborted && this.#last() !== this.#seen) this.#ask();
    }

    #last() {
        return this.manager.journal.entries.findLast(({ worker_id: id, kind }) => id === this.id && kind === this.#kind)?.seq ?? null;
    }

    async #ask() {
        this.#isAsking = true;
        this.#seen = this.#last();
        try {
            const { data } = await this.ask(this.#abort.signal);
            this.show(data);
        } catch (error) {
            if (error.name === "AbortError") return;
            this.body.replaceChildren(h("p", { class: "problem" }, error.message), h("p", { class: "todo" }, advice(error)));
        } finally {
            this.#isAsking = false;
        }
        // What has come meanwhile may not be in the answer.
        this.noticeJournal();
    }
}
