import { arrange, byId, h, setAttribute, setText } from "../base/dom.js";
import { count, epoch } from "../base/format.js";
import { COLUMNS, WorkerRow } from "./worker-row.js";

/** Rows that are ordered by a number that moves are put in order so seldom, or nobody could click on one. */
const REORDER_SECONDS = 5;

/** By what rows can be ordered; each gives a number, and the largest comes first. */
const ORDERS = {
    id: ["Name", () => 0],
    state: ["State", () => 0],
    beat: ["Heartbeat age", ({ status }) => -(epoch(status.last_heartbeat) ?? 0)],
    rate: ["Messages/s", ({ history }) => history.rate.last ?? -1],
    lag: ["Lag", ({ history }) => history.lag.last ?? -1],
    restarts: ["Restarts", ({ status }) => status.restarts],
    memory: ["Memory", ({ history }) => history.memory.last ?? -1],
    cpu: ["CPU", ({ history }) => history.cpu.last ?? -1],
};

const isWrong = ({ status }) => ["error", "recovering"].includes(status.state) || (status.metadata?.verdicts ?? []).length > 0;

/** The table of workers: what is wrong first, then by the chosen order; filtered by what is typed. */
export class WorkersView {
    /** The id of the chosen worker, which keys act on; `null` where there is none. */
    chosen = null;

    #manager;
    #listeners;
    #rows = new Map();
    #shown = [];
    #head;
    #body = h("div", { role: "rowgroup", class: "worker-rows" });
    #table = byId("workers-table");
    #filter = byId("workers-filter");
    #order = byId("workers-order");
    #orderedAt = 0;
    #orderedFor = "";
    #visible = new Set();
    #sight;

    /** `listeners`: `open(id, tab)` and `act(id, text)`. */
    constructor(manager, listeners) {
        this.#manager = manager;
        this.#listeners = { ...listeners, choose: (id) => this.#choose(id) };
        this.#head = COLUMNS.map(({ id, title }) => this.#headCell(id, title));
        this.#table.append(
            h("div", { role: "rowgroup", class: "worker-head" }, h("div", { role: "row", class: "worker" }, this.#head)),
            this.#body,
        );
        this.#order.append(...Object.entries(ORDERS).map(([value, [text]]) => h("option", { value }, text)));
        this.#order.addEventListener("change", () => this.orderBy(this.#order.value));
        this.#filter.addEventListener("input", () => this.render());
        this.#filter.addEventListener("keydown", (event) => this.#pressInFilter(event));
        // Charts out of sight are not drawn.
        this.#sight = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: "200px" });
        manager.addEventListener("workers", () => this.render());
        this.orderBy("id");
    }

    orderBy(order) {
        this.#order.value = order;
        this.#orderedFor = "";
        for (const cell of this.#head) setAttribute(cell, "aria-sort", cell.dataset.order === order ? "descending" : "none");
        this.render();
    }

    /** Orders by the next quantity. */
    turnOrder() {
        const all = Object.keys(ORDERS);
        this.orderBy(all[(all.indexOf(this.#order.value) + 1) % all.length]);
    }

    /** Goes so many rows down, or up, and takes the focus along. */
    move(step) {
        if (!this.#shown.length) return;
        const index = this.#shown.indexOf(this.chosen);
        const next = index < 0 ? 0 : Math.min(Math.max(index + step, 0), this.#shown.length - 1);
        // Without a focus in the table the chosen row is where one comes in.
        const isInside = this.#body.contains(document.activeElement);
        this.#rows.get(this.#shown[isInside ? next : Math.max(index, 0)]).element.focus();
    }

    focusFilter() {
        this.#filter.focus();
        this.#filter.select();
    }

    render() {
        const { workers } = this.#manager;
        const now = this.#manager.now();
        for (const id of [...this.#rows.keys()].filter((id) => !workers.has(id))) this.#remove(id);
        for (const [id, worker] of workers) {
            const row = this.#rows.get(id) ?? this.#add(id);
            row.update(worker, now, this.#manager.mayOperate);
            if (this.#visible.has(row.element)) row.draw(worker);
        }
        this.#reorder();
        this.#say();
    }

    #headCell(id, title) {
        const order = h("button", { type: "button", tabindex: "-1", on: { click: () => this.orderBy(id) } }, title);
        const cell = h("div", { role: "columnheader", class: `cell cell-${id}`, data: { order: id } });
        cell.append(ORDERS[id] ? order : h("span", { class: "unseen" }, "Actions"));
        return cell;
    }

    #add(id) {
        const row = new WorkerRow(id, this.#listeners);
        this.#rows.set(id, row);
        this.#sight.observe(row.element);
        return row;
    }

    #remove(id) {
        const { element } = this.#rows.get(id);
        this.#sight.unobserve(element);
        this.#visible.delete(element);
        this.#rows.delete(id);
    }

    #see(entries) {
        for (const { target, isIntersecting } of entries) {
            if (!isIntersecting) {
                this.#visible.delete(target);
                continue;
            }
            this.#visible.add(target);
            const worker = this.#manager.workers.get(target.dataset.worker);
            if (worker) this.#rows.get(target.dataset.worker)?.draw(worker);
        }
    }

    #choose(id) {
        this.chosen = id;
        for (const [other, row] of this.#rows) row.isChosen = other === id;
    }

    #reorder() {
        const words = this.#filter.value.trim().toLowerCase();
        const wanted = [...this.#manager.workers.values()].filter(({ status }) => matches(status, words));
        const kept = `${words}\n${wanted.map((worker) => `${worker.status.worker_id} ${isWrong(worker)}`).join("\n")}`;
        const isDue = Date.now() / 1000 - this.#orderedAt > REORDER_SECONDS && !this.#body.matches(":hover, :focus-within");
        if (kept === this.#orderedFor && !isDue) return;
        this.#orderedFor = kept;
        this.#orderedAt = Date.now() / 1000;
        const quantity = ORDERS[this.#order.value][1];
        const byState = this.#order.value === "state";
        wanted.sort(
            (a, b) =>
                isWrong(b) - isWrong(a) ||
                (byState ? a.status.state.localeCompare(b.status.state) : quantity(b) - quantity(a)) ||
                a.status.worker_id.localeCompare(b.status.worker_id, "en", { numeric: true }),
        );
        this.#shown = wanted.map(({ status }) => status.worker_id);
        arrange(this.#body, this.#shown.map((id) => this.#rows.get(id).element));
        if (!this.#shown.includes(this.chosen)) this.#choose(this.#shown[0] ?? null);
    }

    #say() {
        const all = this.#manager.workers.size;
        const isFiltered = this.#shown.length !== all;
        setText(byId("workers-title"), isFiltered ? `Workers (${count(this.#shown.length)} of ${count(all)})` : `Workers (${count(all)})`);
        const empty = byId("workers-empty");
        empty.hidden = this.#shown.length > 0;
        this.#table.hidden = this.#shown.length === 0;
        if (empty.hidden) return;
        const text = all
            ? "No worker matches the filter. Esc takes it away."
            : "No worker yet. Start a strategy here with “n”, or in a terminal: quantcell start-strategy FILE --symbols BTC/USDT";
        setText(empty, text);
    }

    #pressInFilter(event) {
        if (event.key === "Escape") {
            this.#filter.value = "";
            this.render();
            this.move(0);
        } else if (event.key === "Enter" || event.key === "ArrowDown") {
            event.preventDefault();
            this.move(0);
        }
    }
}

function matches(status, words) {
    if (words === "") return true;
    const text = [status.worker_id, status.state, status.strategy_name ?? "", ...status.symbols].join(" ").toLowerCase();
    return words.split(/\s+/).every((word) => text.includes(word));
}
