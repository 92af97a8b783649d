import { button, h } from "../base/dom.js";
import { showDialog } from "./dialog.js";

const KEYS = [
    ["j k ↓ ↑", "choose a worker"],
    ["Enter w", "why: what happened, what comes next"],
    ["l", "its log, followed"],
    ["e", "its parameters"],
    ["p", "pause or resume it"],
    ["c", "reload its code"],
    ["r", "restart it"],
    ["x", "stop it; remove a stopped one"],
    ["n", "start a strategy"],
    ["/", "filter the workers"],
    ["o", "order by the next quantity"],
    ["f", "follow the journal, or hold it still"],
    ["Esc", "close what is open"],
    ["?", "this list"],
];

/** Shows what the keys do. */
export function showHelp() {
    return showDialog("Keyboard", (close) => [
        h(
            "dl",
            { class: "keys" },
            KEYS.map(([keys, meaning]) => [
                h("dt", {}, keys.split(" ").map((key) => h("kbd", {}, key))),
                h("dd", {}, meaning),
            ]),
        ),
        h("div", { class: "dialog-actions" }, button("Close", () => close(), { kind: "primary" })),
    ]);
}
