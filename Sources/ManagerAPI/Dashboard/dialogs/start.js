import { button, h, setText } from "../base/dom.js";
import { showDialog } from "./dialog.js";

const list = (text) => text.split(/[\s,]+/).filter((item) => item !== "");

/**
 * Asks for a strategy to start, and starts it by `start`; the dialog stays while that fails, so that a typing mistake costs nothing.
 *
 * Resolves to what `start` gave, or to `undefined`.
 */
export function askStart(start) {
    return showDialog(
        "Start a strategy",
        (close) => {
            const path = input("path", { required: true, placeholder: "/home/me/strategies/sma_cross.swift", autofocus: true });
            const name = input("name", { placeholder: "made from the file's name" });
            const symbols = input("symbols", { placeholder: "BTC/USDT ETH/USDT" });
            const types = input("data_types", { value: "kline" });
            const params = h("textarea", { name: "params", rows: 3, spellcheck: "false", placeholder: '{"fast": 5, "slow": 20}' });
            const problem = h("pre", { class: "problem", role: "alert" });
            const submit = h("button", { type: "submit", class: "primary" }, "Start");
            const form = h(
                "form",
                { method: "dialog", novalidate: true },
                field("File", path, "A .swift source, a .so, or a program that speaks the worker protocol, in one of the manager's strategy folders."),
                field("Name", name),
                field("Symbols", symbols, "With spaces between them."),
                field("Data types", types),
                field("Parameters", params, "JSON. Without any, the strategy's own."),
                problem,
                h("div", { class: "dialog-actions" }, button("Cancel", () => close()), submit),
            );
            form.addEventListener("submit", async (event) => {
                event.preventDefault();
                setText(problem, "");
                if (!path.value.trim()) {
                    setText(problem, "Say which file to start.");
                    path.focus();
                    return;
                }
                submit.disabled = true;
                setText(submit, "Starting…");
                try {
                    const strategy = { path: path.value.trim(), symbols: list(symbols.value), data_types: list(types.value) };
                    if (name.value.trim()) strategy.name = name.value.trim();
                    if (params.value.trim()) strategy.params = parsed(params.value);
                    close(await start(strategy));
                } catch (error) {
                    setText(problem, error.message);
                } finally {
                    submit.disabled = false;
                    setText(submit, "Start");
                }
            });
            return form;
        },
        { kind: "start" },
    );
}

function parsed(text) {
    try {
        const value = JSON.parse(text);
        if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
    } catch {
        // Said below, like any other value that is no object.
    }
    throw new Error('Parameters must be a JSON object, such as {"fast": 5}.');
}

const input = (name, attributes) => h("input", { type: "text", name, autocomplete: "off", spellcheck: "false", ...attributes });

function field(text, control, hint = null) {
    return h("label", { class: "wide" }, h("span", {}, text), control, hint && h("small", {}, hint));
}
