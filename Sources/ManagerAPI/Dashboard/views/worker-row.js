import { button, h, setAttribute, setText } from "../base/dom.js";
import { Chart } from "../base/chart.js";
import { bytes, count, duration, epoch, percent, rate } from "../base/format.js";
import { actions } from "./worker-actions.js";

/** How many looks the small charts show: one minute. */
const SHOWN = 60;
/** A heartbeat older than this many seconds is shown as something to look at. */
const LATE_SECONDS = 5;

/** What the columns are, in their order; `id` is also what rows can be ordered by. */
export const COLUMNS = [
    { id: "id", title: "Worker" },
    { id: "state", title: "State" },
    { id: "beat", title: "Heartbeat" },
    { id: "rate", title: "Messages/s" },
    { id: "lag", title: "Lag" },
    { id: "restarts", title: "Restarts" },
    { id: "memory", title: "Memory" },
    { id: "cpu", title: "CPU" },
    { id: "actions", title: "" },
];

/** One worker in the table. */
export class WorkerRow {
    #name = h("strong");
    #about = h("small");
    #state = h("span", { class: "state" });
    #note = h("small", { class: "note" });
    #texts = Object.fromEntries(["beat", "rate", "lag", "restarts", "memory", "cpu"].map((id) => [id, h("span", { class: "number" })]));
    #charts = {
        rate: new Chart(SHOWN, 1),
        lag: new Chart(SHOWN, 10),
        memory: new Chart(SHOWN, 1024 * 1024),
        cpu: new Chart(SHOWN, 0.1),
    };
    #buttons = h("div", { class: "row-actions" });
    #offered = "";
    #isChosen = false;
    #act;

    /** `open(id, tab)` shows more of the worker, `act(id, verb)` does something to it. */
    constructor(id, { open, act, choose }) {
        this.id = id;
        this.#act = act;
        setText(this.#name, id);
        this.#name.title = id;
        const cells = {
            id: [this.#name, this.#about],
            state: [this.#state, this.#note],
            actions: [this.#buttons],
        };
        this.element = h(
            "div",
            {
                role: "row",
                class: "worker",
                tabindex: "-1",
                data: { worker: id },
                on: {
                    focusin: () => choose(id),
                    // Who marks text to copy it does not mean to open anything.
                    click: (event) => !event.target.closest("button") && getSelection().isCollapsed && open(id, "why"),
                },
            },
            COLUMNS.map(({ id: column, title }) =>
                h(
                    "div",
                    { role: "gridcell", class: `cell cell-${column}`, data: { label: title } },
                    cells[column] ?? [this.#texts[column], this.#charts[column]?.element],
                ),
            ),
        );
    }

    /** Whether the Tab key comes to this row and its buttons. */
    set isChosen(isChosen) {
        this.#isChosen = isChosen;
        setAttribute(this.element, "tabindex", isChosen ? "0" : "-1");
        setAttribute(this.element, "aria-selected", isChosen ? "true" : "false");
        this.#reach();
    }

    /** Shows the worker as it is now; `now` is the manager's clock in seconds. */
    update({ status, history }, now, mayOperate) {
        const { metadata = {} } = status;
        const isAlive = status.pid !== null && status.state !== "stopped";
        const strategy = status.strategy_name ?? status.strategy_path.split("/").pop();
        setText(this.#about, [strategy, status.symbols.join(" ")].filter(Boolean).join(" · "));
        setText(this.#state, status.state);
        setAttribute(this.#state, "data-state", status.state);
        setText(this.#note, (metadata.verdicts ?? []).join(", ") || (metadata.mode === "catching_up" ? "catching up" : ""));

        const heartbeat = epoch(status.last_heartbeat);
        const age = isAlive && heartbeat !== null ? Math.max(now - heartbeat, 0) : null;
        setText(this.#texts.beat, duration(age));
        this.#texts.beat.classList.toggle("late", age > LATE_SECONDS);
        setText(this.#texts.rate, rate(history.rate.last));
        setText(this.#texts.lag, count(history.lag.last));
        setText(this.#texts.restarts, count(status.restarts));
        this.#texts.restarts.classList.toggle("some", status.restarts > 0);
        setText(this.#texts.memory, bytes(history.memory.last));
        setText(this.#texts.cpu, percent(history.cpu.last));
        this.#offer(mayOperate ? actions(status).filter(({ isRare }) => !isRare) : []);
    }

    /** Draws the charts; those of a row out of sight need not be. */
    draw({ history }) {
        for (const [id, chart] of Object.entries(this.#charts)) chart.draw(history[id]);
    }

    #offer(offered) {
        const wanted = offered.map(({ text }) => text).join();
        if (wanted === this.#offered) return;
        this.#offered = wanted;
        const hadFocus = this.#buttons.contains(document.activeElement);
        this.#buttons.replaceChildren(
            ...offered.map(({ verb, text }) => button(text, () => this.#act(this.id, text), { label: `${text} ${this.id}`, verb })),
        );
        this.#reach();
        if (hadFocus) this.element.focus({ preventScroll: true });
    }

    #reach() {
        for (const element of this.#buttons.children) element.tabIndex = this.#isChosen ? 0 : -1;
    }
}
