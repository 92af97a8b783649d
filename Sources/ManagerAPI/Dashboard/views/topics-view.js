import { arrange, byId, h, setText } from "../base/dom.js";
import { Chart } from "../base/chart.js";
import { ago, count, epoch, rate } from "../base/format.js";

const COLUMNS = [
    ["topic", "Topic"],
    ["rate", "Messages/s"],
    ["sequence", "Sequence"],
    ["refused", "Refused"],
    ["gaps", "Gaps"],
    ["subscribers", "Readers"],
    ["last", "Last"],
];

const GAPS = "Messages that are not in the record";

/** The topics: how fast they are, how far they have come, what is missing of them. */
export class TopicsView {
    #manager;
    #rows = new Map();
    #body = h("div", { role: "rowgroup" });

    constructor(manager) {
        this.#manager = manager;
        const head = COLUMNS.map(([id, title]) => h("div", { role: "columnheader", class: `cell cell-${id}`, title: id === "gaps" ? GAPS : null }, title));
        byId("topics-table").append(h("div", { role: "rowgroup", class: "topic-head" }, h("div", { role: "row", class: "topic" }, head)), this.#body);
        manager.addEventListener("topics", () => this.render());
    }

    render() {
        const { topics } = this.#manager;
        const now = this.#manager.now();
        const names = [...topics.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
        for (const name of [...this.#rows.keys()].filter((name) => !topics.has(name))) this.#rows.delete(name);
        arrange(this.#body, names.map((name) => this.#row(name, topics.get(name), now)));
        setText(byId("topics-title"), `Topics (${count(names.length)})`);
        byId("topics-table").hidden = !names.length;
        const empty = byId("topics-empty");
        empty.hidden = names.length > 0;
        setText(empty, "No data yet. Publish some: quantcell publish BTC/USDT tick '{\"price\": 46319.5, \"size\": 0.2}'");
    }

    #row(name, { counters, history }, now) {
        const row = this.#rows.get(name) ?? this.#add(name);
        const last = epoch(counters.last_time);
        const values = {
            rate: rate(history.rate.last),
            sequence: count(counters.sequence),
            refused: count(counters.refused),
            gaps: count(counters.unrecorded),
            subscribers: count(counters.subscribers),
            last: last === null ? "–" : ago(Math.max(now - last, 0)),
        };
        for (const [id, value] of Object.entries(values)) setText(row.texts[id], value);
        row.texts.refused.classList.toggle("some", counters.refused > 0);
        row.texts.gaps.classList.toggle("some", counters.unrecorded > 0);
        row.chart.draw(history.rate);
        return row.element;
    }

    #add(name) {
        const texts = Object.fromEntries(COLUMNS.map(([id]) => [id, h("span", { class: "number" })]));
        const chart = new Chart(30, 1);
        const [, symbol = name, type = ""] = /^market\.(.+)\.([^.]+)$/.exec(name) ?? [];
        texts.topic.className = "topic-name";
        texts.topic.append(h("strong", {}, symbol), " ", h("small", {}, type));
        const cells = COLUMNS.map(([id, title]) =>
            h("div", { role: "cell", class: `cell cell-${id}`, data: { label: title } }, texts[id], id === "rate" ? chart.element : null),
        );
        const row = { element: h("div", { role: "row", class: "topic", data: { topic: name } }, cells), texts, chart };
        this.#rows.set(name, row);
        return row;
    }
}
