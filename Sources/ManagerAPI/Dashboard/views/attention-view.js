import { arrange, button, byId, h, setAttribute, setText } from "../base/dom.js";
import { counted } from "../base/format.js";
import { problems } from "../data/problems.js";

/** So many problems are shown before one has to ask for the rest. */
const SHOWN = 6;
const WORDS = { bad: "Act", warn: "Look", note: "Note" };

/** What is wrong, above all else; one quiet line where nothing is. */
export class AttentionView {
    #manager;
    #connection;
    #open;
    #items = new Map();
    #isWhole = false;

    /** `open(id, tab)` shows more of a worker. */
    constructor(manager, connection, open) {
        this.#manager = manager;
        this.#connection = connection;
        this.#open = open;
        for (const what of ["workers", "topics", "status"]) manager.addEventListener(what, () => this.render());
        connection.addEventListener("change", () => this.render());
        byId("attention-all").addEventListener("click", () => {
            this.#isWhole = !this.#isWhole;
            this.render();
        });
    }

    render() {
        const found = problems(this.#manager, this.#connection);
        const shown = this.#isWhole ? found : found.slice(0, SHOWN);
        const items = shown.map((problem) => this.#item(problem));
        const keys = new Set(shown.map(key));
        for (const old of this.#items.keys()) if (!keys.has(old)) this.#items.delete(old);
        const pressing = found.filter(({ level }) => level !== "note").length;
        byId("attention").dataset.level = found[0]?.level ?? "fine";
        setText(byId("attention-title"), pressing ? "What is wrong" : found.length ? "Nothing is wrong now. Lately:" : this.#fine());
        arrange(byId("attention-list"), items);
        const all = byId("attention-all");
        all.hidden = found.length <= SHOWN;
        setText(all, this.#isWhole ? "Show less" : `Show all ${found.length}`);
        setAttribute(all, "aria-expanded", String(this.#isWhole));
        document.title = pressing ? `(${pressing}) QuantCell` : "QuantCell";
    }

    #fine() {
        const { workers, status } = this.#manager;
        if (!status) return "Looking…";
        const running = [...workers.values()].filter(({ status: { state } }) => state === "running").length;
        if (!workers.size) return "Nothing is wrong, and nothing runs yet";
        return `Nothing is wrong: ${counted(running, "worker")} running`;
    }

    #item(problem) {
        const item = this.#items.get(key(problem)) ?? this.#add(problem);
        setText(item.text, problem.text);
        setText(item.more, problem.more ?? "");
        return item.element;
    }

    #add(problem) {
        const text = h("span");
        const more = h("p", { class: "problem-more" });
        const id = problem.workerID;
        const tabs = id === null ? [] : [["Why", "why"], ["Log", "log"]];
        const element = h(
            "li",
            { class: "problem-item", data: { level: problem.level, about: problem.about } },
            h("span", { class: "level" }, WORDS[problem.level]),
            h("div", {}, h("p", {}, h("strong", {}, problem.about), " ", text), more, h("p", { class: "todo" }, problem.todo)),
            h(
                "div",
                { class: "row-actions" },
                tabs.map(([title, tab]) => button(title, () => this.#open(id, tab), { label: `${title}: ${id}` })),
            ),
        );
        const item = { element, text, more };
        this.#items.set(key(problem), item);
        return item;
    }
}

/** Texts that count do not make another problem of it. */
const key = ({ level, about, todo, text }) => `${level}\n${about}\n${todo}\n${text.replace(/[\d.,]+/g, "")}`;
