import { h, setText } from "../base/dom.js";
import { Chart } from "../base/chart.js";
import { bytes, count, duration, json, percent, rate } from "../base/format.js";
import { HISTORY } from "../data/worker-history.js";

const CHARTS = [
    ["rate", "Messages/s", rate, 1],
    ["lag", "Lag, messages", count, 10],
    ["memory", "Memory", bytes, 1024 * 1024],
    ["cpu", "CPU", percent, 0.1],
];

/** The last five minutes of a worker as charts, and all that its heartbeat says. */
export class FactsTab {
    #charts = CHARTS.map(([id, title, format, least]) => ({
        id,
        format,
        chart: new Chart(HISTORY, least),
        title,
        now: h("strong", { class: "number" }),
        top: h("small", { class: "number" }),
    }));
    #facts = h("dl", { class: "facts-list" });
    #values = new Map();

    constructor(body, id, manager) {
        body.append(
            h("div", { class: "charts" }, this.#charts.map(({ title, chart, now, top }) => h("figure", {}, h("figcaption", {}, title, " ", now, " ", top), chart.element))),
            h("p", { class: "hint" }, "The last five minutes that this page has seen."),
            this.#facts,
        );
        this.update(manager.workers.get(id));
    }

    close() {}

    update(worker) {
        if (!worker) return;
        const { status, history } = worker;
        for (const { id, chart, now, top, format } of this.#charts) {
            const known = history[id].tail(HISTORY).filter((value) => !Number.isNaN(value));
            chart.draw(history[id]);
            setText(now, format(history[id].last));
            setText(top, known.length ? `at most ${format(Math.max(...known))}` : "");
        }
        const { params, usage, verdicts, ...metadata } = status.metadata ?? {};
        const facts = {
            strategy: status.strategy_path,
            process: status.pid,
            generation: status.generation,
            "started at": status.started_at,
            threads: usage?.threads,
            "processor time": usage && duration(usage.cpu_seconds),
            messages: count(status.messages_processed),
            signals: count(status.signals_emitted),
            errors: count(status.errors_count),
            "last error": status.last_error,
            parameters: params && json(params),
            verdicts: verdicts?.join(", "),
            ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.replaceAll("_", " "), json(value)])),
        };
        for (const [name, value] of Object.entries(facts)) setText(this.#fact(name), value === null || value === undefined || value === "" ? "–" : value);
    }

    #fact(name) {
        const known = this.#values.get(name);
        if (known) return known;
        const value = h("dd");
        this.#values.set(name, value);
        this.#facts.append(h("div", {}, h("dt", {}, name), value));
        return value;
    }
}
