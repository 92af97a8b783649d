import { button, h, setText } from "../base/dom.js";
import { json } from "../base/format.js";
import { showDialog } from "./dialog.js";

/** What the manager shows in place of a secret. */
const REDACTED = "[redacted]";

/**
 * Asks for other parameters of a worker. Resolves to those that were changed, by name, or to `undefined`.
 *
 * Each field takes what its present value is: a number, a text, a switch, or JSON.
 */
export function askParams(worker) {
    const params = worker.metadata?.params ?? {};
    const names = Object.keys(params);
    return showDialog(`Parameters of ${worker.worker_id}`, (close) => {
        if (!names.length) {
            return [
                h("p", {}, "This strategy has no parameters that the manager knows of."),
                h("div", { class: "dialog-actions" }, button("Close", () => close(), { kind: "primary" })),
            ];
        }
        const fields = names.map((name) => new Field(name, params[name]));
        const problem = h("p", { class: "problem", role: "alert" });
        const summary = h("p", { class: "changes", "aria-live": "polite" }, "Nothing is changed yet.");
        const form = h(
            "form",
            { method: "dialog", novalidate: true },
            h("p", {}, "The strategy takes them while it runs; it may refuse some."),
            h("div", { class: "params" }, fields.map((field) => field.element)),
            summary,
            problem,
            h(
                "div",
                { class: "dialog-actions" },
                button("Cancel", () => close()),
                h("button", { type: "submit", class: "primary" }, "Change parameters"),
            ),
        );
        const changed = () => fields.filter((field) => field.isChanged);
        form.addEventListener("input", () => {
            setText(problem, "");
            const changes = changed().map((field) => field.change);
            setText(summary, changes.length ? changes.join(", ") : "Nothing is changed yet.");
        });
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            try {
                const values = Object.fromEntries(changed().map((field) => [field.name, field.value()]));
                if (Object.keys(values).length) close(values);
                else setText(problem, "Change a value first.");
            } catch (error) {
                setText(problem, error.message);
            }
        });
        return form;
    });
}

class Field {
    #input;
    #isSecret;

    constructor(name, before) {
        this.name = name;
        this.#isSecret = before === REDACTED;
        this.before = this.#isSecret ? "" : before;
        this.#input =
            typeof before === "boolean"
                ? h("select", {}, ["true", "false"].map((text) => h("option", { selected: text === String(before) }, text)))
                : h("input", { type: "text", value: asText(before), autocomplete: "off", spellcheck: "false" });
        if (this.#isSecret) {
            this.#input.type = "password";
            this.#input.value = "";
            this.#input.placeholder = "a secret; empty keeps it";
        }
        if (typeof before === "number") this.#input.inputMode = "decimal";
        this.#input.name = name;
        this.element = h("label", {}, h("span", {}, name), this.#input);
    }

    get text() {
        return this.#input.value.trim();
    }

    get change() {
        return this.#isSecret ? `${this.name}: another secret` : `${this.name}: ${json(this.before)} → ${this.text}`;
    }

    get isChanged() {
        return this.text !== asText(this.before);
    }

    /** What was typed, as the kind of value that it was before. */
    value() {
        if (typeof this.before === "string") return this.#input.value;
        if (typeof this.before === "number") {
            const number = Number(this.text);
            if (this.text === "" || !Number.isFinite(number)) throw new Error(`${this.name} must be a number, and '${this.text}' is none.`);
            return number;
        }
        try {
            return JSON.parse(this.text);
        } catch {
            throw new Error(`${this.name} must be JSON, and '${this.text}' is not.`);
        }
    }
}

const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));
