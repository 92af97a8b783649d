import { byId, h, setText } from "../base/dom.js";
import { bytes, count, duration, percent, rate } from "../base/format.js";

const sum = (values) => values.reduce((total, value) => total + (value ?? 0), 0);
const most = (values) => values.reduce((top, value) => Math.max(top, value ?? 0), 0);

/** What all workers and topics come to, in one line of numbers. */
const FIGURES = [
    ["Running", ({ workers }) => `${count(workers.filter(({ status }) => status.state === "running").length)} of ${count(workers.length)}`],
    ["Messages/s", ({ topics }) => rate(topics.length ? sum(topics.map(({ history }) => history.rate.last)) : null)],
    ["Refused", ({ totals }) => count(totals?.refused)],
    ["Largest lag", ({ workers }) => count(most(workers.map(({ history }) => history.lag.last)))],
    ["Signals", ({ workers }) => count(sum(workers.map(({ status }) => status.signals_emitted)))],
    ["Restarts", ({ workers }) => count(sum(workers.map(({ status }) => status.restarts)))],
    ["Memory", ({ workers }) => bytes(sum(workers.map(({ history }) => history.memory.last)))],
    ["CPU", ({ workers }) => percent(sum(workers.map(({ history }) => history.cpu.last)))],
    ["Spares", ({ status }) => count(status?.worker_summary?.spares)],
];

export class SummaryView {
    #manager;
    #values = FIGURES.map(() => h("dd", {}, "–"));

    constructor(manager) {
        this.#manager = manager;
        byId("summary").append(...FIGURES.map(([title], index) => h("div", {}, h("dt", {}, title), this.#values[index])));
        for (const what of ["workers", "topics", "status"]) manager.addEventListener(what, () => this.render());
    }

    render() {
        const { totals, status } = this.#manager;
        const all = {
            workers: [...this.#manager.workers.values()],
            topics: [...this.#manager.topics.values()],
            totals,
            status,
        };
        FIGURES.forEach(([, value], index) => setText(this.#values[index], value(all)));
        if (!status) return;
        const facts = [`version ${status.version}`, `process ${status.environment?.pid ?? "–"}`, `up ${duration(status.uptime_seconds)}`];
        setText(byId("manager-facts"), facts.join(" · "));
    }
}
