import { button, byId, h, setAttribute } from "../base/dom.js";
import { actions } from "../views/worker-actions.js";
import { FactsTab } from "./facts-tab.js";
import { LogTab } from "./log-tab.js";
import { SignalsTab } from "./signals-tab.js";
import { WhyTab } from "./why-tab.js";

const TABS = [
    { id: "why", title: "Why", make: WhyTab },
    { id: "log", title: "Log", make: LogTab },
    { id: "facts", title: "Numbers", make: FactsTab },
    { id: "signals", title: "Signals", make: SignalsTab },
];

/** More of one worker, beside the page: why, log, numbers, signals. */
export class WorkerPanel {
    /** The worker that is shown, or `null`. */
    id = null;

    #manager;
    #listeners;
    #element = byId("panel");
    #before = null;
    #tab = null;
    #buttons = null;
    #offered = "";

    /** `listeners`: `act(id, text)`, `params(id)`, `journal(id)`. */
    constructor(manager, listeners) {
        this.#manager = manager;
        this.#listeners = listeners;
        manager.addEventListener("workers", () => this.#update());
        manager.addEventListener("journal", () => this.#tab?.noticeJournal?.());
        this.#element.addEventListener("keydown", (event) => this.#press(event));
    }

    open(id, tab) {
        if (this.#element.hidden) this.#before = document.activeElement;
        this.id = id;
        this.#offered = "";
        this.#buttons = h("div", { class: "row-actions" });
        this.#element.replaceChildren(
            h(
                "header",
                {},
                h("h2", { id: "panel-title", tabindex: "-1" }, id),
                button("×", () => this.close(), { kind: "quiet close", label: "Close (Esc)" }),
                this.#buttons,
                h("div", { class: "tabs", role: "tablist", "aria-label": "More of the worker" }, TABS.map((each) => this.#tabButton(each))),
            ),
            h("div", { id: "panel-body", class: "panel-body", role: "tabpanel", tabindex: "0" }),
        );
        this.#element.hidden = false;
        this.#show(tab);
        byId("panel-title").focus({ preventScroll: true });
        this.#update();
    }

    close() {
        if (this.id === null) return;
        this.id = null;
        this.#tab?.close();
        this.#tab = null;
        this.#element.hidden = true;
        this.#element.replaceChildren();
        if (this.#before?.isConnected) this.#before.focus({ preventScroll: true });
    }

    #tabButton({ id, title }) {
        return h(
            "button",
            { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": "panel-body", data: { tab: id }, on: { click: () => this.#show(id) } },
            title,
        );
    }

    #show(id) {
        this.#tab?.close();
        const body = byId("panel-body");
        body.replaceChildren();
        setAttribute(body, "aria-labelledby", `tab-${id}`);
        for (const tab of this.#element.querySelectorAll("[role=tab]")) {
            const isShown = tab.dataset.tab === id;
            setAttribute(tab, "aria-selected", String(isShown));
            tab.tabIndex = isShown ? 0 : -1;
        }
        const { make: Tab } = TABS.find((each) => each.id === id);
        this.#tab = new Tab(body, this.id, this.#manager, this.#listeners);
    }

    #update() {
        if (this.id === null) return;
        const worker = this.#manager.workers.get(this.id);
        this.#tab?.update?.(worker);
        const offered = worker && this.#manager.mayOperate ? actions(worker.status) : [];
        const wanted = offered.map(({ text }) => text).join();
        if (wanted === this.#offered) return;
        this.#offered = wanted;
        const { act, params, journal } = this.#listeners;
        const id = this.id;
        this.#buttons.replaceChildren(
            ...offered.map(({ text, verb }) => button(text, () => act(id, text), { verb })),
            ...(offered.length ? [button("Parameters", () => params(id), { verb: "params" })] : []),
            button("Journal", () => journal(id), { verb: "journal" }),
        );
    }

    #press(event) {
        const tabs = [...this.#element.querySelectorAll("[role=tab]")];
        const index = tabs.indexOf(event.target);
        if (index < 0 || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
        const next = tabs[(index + (event.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length];
        this.#show(next.dataset.tab);
        next.focus();
    }
}
