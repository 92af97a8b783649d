import { h } from "../base/dom.js";
import { count, day, json, timeOfDay } from "../base/format.js";
import { api } from "../data/api.js";

/** A worker's last hundred signals; read anew when it emits one. */
export class SignalsTab {
    #body;
    #id;
    #manager;
    #abort = new AbortController();
    #isReading = false;
    #seen = null;

    constructor(body, id, manager) {
        this.#body = body;
        this.#id = id;
        this.#manager = manager;
        body.append(h("p", { class: "empty" }, "Asking…"));
        this.#read();
    }

    close() {
        this.#abort.abort();
    }

    noticeJournal() {
        if (!this.#isReading && this.#last() !== this.#seen) this.#read();
    }

    #last() {
        return this.#manager.journal.entries.findLast(({ worker_id: id, kind }) => id === this.#id && kind === "signal")?.seq ?? null;
    }

    async #read() {
        this.#isReading = true;
        this.#seen = this.#last();
        try {
            const { data } = await api.signals(this.#id, this.#abort.signal);
            this.#show(data.signals);
        } catch (error) {
            if (error.name !== "AbortError") this.#body.replaceChildren(h("p", { class: "problem" }, error.message));
        } finally {
            this.#isReading = false;
        }
    }

    #show(signals) {
        if (!signals.length) {
            this.#body.replaceChildren(h("p", { class: "empty" }, "It has emitted no signal yet. Look at its messages: does data come?"));
            return;
        }
        this.#body.replaceChildren(
            h("p", { class: "hint" }, `The last ${count(signals.length)}, the newest first.`),
            h("ol", { class: "steps" }, signals.toReversed().map(signalElement)),
        );
    }
}

function signalElement(signal) {
    const { name, side, symbol, price, quantity, emitted_at: at, event_time: of, sequence, data } = signal;
    const priceText = price === null ? "" : ` at ${price}`;
    const quantityText = quantity === null ? "" : ` × ${quantity}`;
    return h(
        "li",
        {},
        h("time", { datetime: at, title: `${day(at)} UTC` }, timeOfDay(at)),
        " ",
        h("strong", {}, name),
        ` ${side ?? ""} ${symbol ?? ""}${quantityText}${priceText}`,
        h("small", { class: "signal-more" }, `of ${day(of)} ${timeOfDay(of)}, sequence ${sequence ?? "–"} ${json(data, 200)}`),
    );
}
