import { button, h, setAttribute, setText } from "../base/dom.js";
import { counted } from "../base/format.js";
import { api } from "../data/api.js";

const READ_EVERY_MS = 1000;
/** So many lines are kept; the oldest make room. */
const LINES = 2000;
/** The longest line that is shown whole. */
const LONGEST = 4000;

/** A worker's log as it grows. It follows while its end is in sight. */
export class LogTab {
    #id;
    #body;
    #cursor = null;
    #abort = new AbortController();
    #timer = null;
    #list = h("ol", { class: "log", "aria-label": "Log lines" });
    #filter = h("input", { type: "search", placeholder: "filter the lines", "aria-label": "Filter the log's lines", spellcheck: "false" });
    #follow;
    #say = h("p", { class: "log-state", role: "status" }, "Reading…");
    #isFollowing = true;
    #isScrolledByUs = false;

    constructor(body, id) {
        this.#id = id;
        this.#body = body;
        this.#follow = button("Following", () => this.#setFollowing(!this.#isFollowing), { kind: "chip" });
        this.#filter.addEventListener("input", () => this.#filterAll());
        body.append(h("div", { class: "log-head" }, this.#filter, this.#follow), this.#list, this.#say);
        this.#list.tabIndex = 0;
        this.#list.addEventListener("scroll", () => this.#notice());
        this.#setFollowing(true);
        this.#read();
    }

    close() {
        this.#abort.abort();
        clearTimeout(this.#timer);
    }

    async #read() {
        try {
            const values = this.#cursor === null ? { lines: 500 } : { cursor: this.#cursor, lines: 1000 };
            const { data } = await api.logs(this.#id, values, this.#abort.signal);
            const isFirst = this.#cursor === null;
            this.#cursor = data.cursor;
            this.#add(data.lines, data.reset === true && !isFirst);
            const lines = this.#list.children.length;
            setText(this.#say, lines ? `${counted(lines, "line")}, up to date` : "It has written nothing yet.");
        } catch (error) {
            if (error.name === "AbortError") return;
            setText(this.#say, `Not up to date: ${error.message}.`);
        }
        this.#timer = setTimeout(() => this.#read(), READ_EVERY_MS);
    }

    #add(lines, isBroken) {
        if (isBroken) this.#list.append(h("li", { class: "log-break" }, "lines are missing here: the log was rotated, or grew too fast"));
        this.#list.append(...lines.map((line) => this.#line(line)));
        while (this.#list.children.length > LINES) this.#list.firstElementChild.remove();
        if (lines.length && this.#isFollowing) this.#toEnd();
    }

    #line(text) {
        const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
        const level = /^\S+ (ERROR|CRITICAL|WARNING|WARN) /.exec(text)?.[1];
        const element = h("li", { data: level ? { level: level.startsWith("WARN") ? "warn" : "bad" } : {} }, shown);
        element.hidden = !this.#isWanted(shown);
        return element;
    }

    #isWanted(text) {
        return text.toLowerCase().includes(this.#filter.value.trim().toLowerCase());
    }

    #filterAll() {
        for (const line of this.#list.children) line.hidden = !this.#isWanted(line.textContent);
        if (this.#isFollowing) this.#toEnd();
    }

    #setFollowing(isFollowing) {
        this.#isFollowing = isFollowing;
        setAttribute(this.#follow, "aria-pressed", String(isFollowing));
        setText(this.#follow, isFollowing ? "Following" : "Follow");
        if (isFollowing) this.#toEnd();
    }

    #toEnd() {
        this.#isScrolledByUs = true;
        this.#list.scrollTop = this.#list.scrollHeight;
    }

    /** Who scrolls up wants to read; who scrolls to the end wants to follow. */
    #notice() {
        if (this.#isScrolledByUs) {
            this.#isScrolledByUs = false;
            return;
        }
        const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 8;
        if (isAtEnd !== this.#isFollowing) this.#setFollowing(isAtEnd);
    }
}
