import { h } from "../base/dom.js";
import { count, day, json, timeOfDay } from "../base/format.js";
import { api } from "../data/api.js";
import { AskingTab } from "./asking-tab.js";

/** A worker's last hundred signals; read anew when it emits one. */
export class SignalsTab extends AskingTab {
    constructor(body, id, manager) {
        super(body, id, manager, "signal");
    }

    ask(signal) {
        return api.signals(this.id, signal);
    }

    show({ signals }) {
        if (!signals.length) {
            this.body.replaceChildren(h("p", { class: "empty" }, "It has emitted no signal yet. Look at its messages: does data come?"));
            return;
        }
        this.body.replaceChildren(
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
