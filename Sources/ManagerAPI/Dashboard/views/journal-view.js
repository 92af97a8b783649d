import { button, byId, setAttribute, setText } from "../base/dom.js";
import { count, counted } from "../base/format.js";
import { api } from "../data/api.js";
import { entryElement } from "./journal-entry.js";
import { advice, tellFailed } from "./toasts.js";

/** So many entries are in the page at most; the rest of what is known is found by the filter. */
const SHOWN = 200;
const OLDER = 500;
const LEAST_MS = 200;
/** So many new entries at once are pointed at; more of them nobody could follow. */
const POINTED_AT = 8;
const KINDS = ["transition", "command", "signal", "refused", "manager", "worker", "intent", "effect", "outcome", "journal"];
/** What the manager writes for itself is left out until it is asked for. */
const HIDDEN_AT_FIRST = ["intent", "effect", "outcome"];

/** The journal, the newest entry first: it follows, or is held still while somebody reads. */
export class JournalView {
    #manager;
    #open;
    #kinds = new Set(KINDS.filter((kind) => !HIDDEN_AT_FIRST.includes(kind)));
    #list = byId("journal-list");
    #filter = byId("journal-filter");
    #follow = byId("journal-follow");
    #fresh = byId("journal-fresh");
    #older = byId("journal-older");
    /** The newest entry that is shown, or was passed over by the filter. */
    #shownTo = 0;
    #isScheduled = false;
    #renderedAt = Number.NEGATIVE_INFINITY;
    #journal = null;

    /** `open(id, tab)` shows more of a worker. */
    constructor(manager, open) {
        this.#manager = manager;
        this.#open = open;
        byId("journal-kinds").append(...KINDS.map((kind) => this.#kindButton(kind)));
        this.#filter.addEventListener("input", () => this.#renderWhole());
        this.#follow.addEventListener("change", () => this.#renderWhole());
        this.#fresh.addEventListener("click", () => {
            this.#renderWhole();
            this.#list.firstElementChild?.scrollIntoView({ block: "nearest" });
        });
        this.#older.addEventListener("click", () => this.#loadOlder());
        manager.addEventListener("journal", () => this.#schedule());
    }

    toggleFollowing() {
        this.#follow.checked = !this.#follow.checked;
        this.#renderWhole();
    }

    /** Shows only what is about one worker. */
    filterBy(text) {
        this.#filter.value = text;
        this.#renderWhole();
    }

    #kindButton(kind) {
        const toggle = button(kind, () => {
            if (!this.#kinds.delete(kind)) this.#kinds.add(kind);
            setAttribute(toggle, "aria-pressed", String(this.#kinds.has(kind)));
            this.#renderWhole();
        }, { kind: "chip" });
        toggle.dataset.kind = kind;
        setAttribute(toggle, "aria-pressed", String(this.#kinds.has(kind)));
        return toggle;
    }

    /** However many entries come, the page is changed a few times a second at most. */
    #schedule() {
        if (this.#isScheduled) return;
        this.#isScheduled = true;
        const wait = Math.max(this.#renderedAt + LEAST_MS - performance.now(), 0);
        setTimeout(() => {
            this.#isScheduled = false;
            this.#renderedAt = performance.now();
            this.#renderChange();
        }, wait);
    }

    #renderChange() {
        const { journal } = this.#manager;
        if (this.#journal !== journal) {
            this.#journal = journal;
            this.#renderWhole();
            return;
        }
        const fresh = journal.entries.slice(firstAfter(journal.entries, this.#shownTo)).filter((entry) => this.#isWanted(entry));
        if (!this.#follow.checked) {
            this.#fresh.hidden = fresh.length === 0;
            setText(this.#fresh, `${counted(fresh.length, "new entry", "new entries")}: show`);
            return;
        }
        this.#shownTo = journal.last ?? 0;
        const elements = fresh.slice(-SHOWN).reverse().map((entry) => this.#entry(entry));
        if (elements.length <= POINTED_AT) for (const element of elements) element.classList.add("is-new");
        this.#list.prepend(...elements);
        while (this.#list.children.length > SHOWN) this.#list.lastElementChild.remove();
        this.#say();
    }

    #renderWhole() {
        const { journal } = this.#manager;
        const wanted = journal.entries.filter((entry) => this.#isWanted(entry)).slice(-SHOWN);
        this.#shownTo = journal.last ?? 0;
        this.#fresh.hidden = true;
        this.#list.replaceChildren(...wanted.reverse().map((entry) => this.#entry(entry)));
        this.#say();
    }

    #entry(entry) {
        return entryElement(entry, this.#open);
    }

    #isWanted(entry) {
        // A kind that this page does not know yet is shown.
        if (!this.#kinds.has(entry.kind) && KINDS.includes(entry.kind)) return false;
        const words = this.#filter.value.trim().toLowerCase();
        if (words === "") return true;
        entry.text ??= [entry.worker_id, entry.kind, entry.from_state, entry.to_state, entry.cause, entry.actor, JSON.stringify(entry.detail)]
            .join(" ")
            .toLowerCase();
        return words.split(/\s+/).every((word) => entry.text.includes(word));
    }

    #say() {
        const { journal } = this.#manager;
        const empty = byId("journal-empty");
        empty.hidden = this.#list.children.length > 0;
        setText(
            empty,
            journal.entries.length
                ? `None of the newest ${counted(journal.entries.length, "entry", "entries")} matches. Show more kinds, load older ones, or take the filter away.`
                : "Nothing has been written yet.",
        );
        this.#older.dataset.first = journal.first ?? "";
        this.#older.hidden = journal.first === null || journal.first <= 1 || journal.isFull;
    }

    async #loadOlder() {
        const { journal } = this.#manager;
        if (journal.first === null) return;
        this.#older.disabled = true;
        try {
            const limit = Math.min(OLDER, journal.first - 1);
            const { data } = await api.journal({ after_seq: journal.first - 1 - limit, limit });
            journal.prepend(data.entries);
            this.#renderOlder(data.entries);
        } catch (error) {
            tellFailed("Older entries could not be read", error.message, advice(error));
        } finally {
            this.#older.disabled = false;
        }
    }

    /** Entries that were asked for are shown, also beyond what is shown at first. */
    #renderOlder(entries) {
        const wanted = entries.filter((entry) => this.#isWanted(entry));
        this.#list.append(...wanted.reverse().map((entry) => this.#entry(entry)));
        this.#say();
        if (!wanted.length) setText(byId("journal-empty"), `None of ${count(entries.length)} older entries matches.`);
    }
}

/** Where in ascending entries the first one behind a sequence stands. */
function firstAfter(entries, seq) {
    let index = entries.length;
    while (index > 0 && entries[index - 1].seq > seq) index -= 1;
    return index;
}
