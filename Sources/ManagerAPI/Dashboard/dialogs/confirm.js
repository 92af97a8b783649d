import { button, h } from "../base/dom.js";
import { showDialog } from "./dialog.js";

/**
 * Asks before something is done. Resolves to whether it is wanted.
 *
 * Enter does what the focus is on, which for what cannot be taken back is to cancel; `y` always says yes.
 */
export async function confirmed(question, meaning, verb, isHard = false) {
    const answer = await showDialog(
        question,
        (close) => {
            const yes = button(verb, () => close(true), { kind: isHard ? "danger" : "primary", shortcut: "y" });
            const no = button("Cancel", () => close(false), { shortcut: "n" });
            (isHard ? no : yes).autofocus = true;
            const body = h("div", {}, h("p", {}, meaning), h("div", { class: "dialog-actions" }, no, yes));
            body.addEventListener("keydown", (event) => {
                if (event.key === "y") close(true);
                if (event.key === "n") close(false);
            });
            return body;
        },
        { kind: "confirm" },
    );
    return answer === true;
}
