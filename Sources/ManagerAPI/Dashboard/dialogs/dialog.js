import { h } from "../base/dom.js";

let serial = 0;

/**
 * Shows a modal dialog until it is closed; Escape closes it, and the focus goes back to where it was.
 *
 * `content` gets a function that closes the dialog with a result, which is what the promise resolves to; `undefined` when it was
 * closed without one.
 */
export function showDialog(title, content, { kind = "", before = document.activeElement } = {}) {
    return new Promise((resolve) => {
        let result;
        serial += 1;
        const id = `dialog-title-${serial}`;
        const dialog = h("dialog", { class: `dialog ${kind}`, "aria-labelledby": id });
        const close = (value) => {
            result = value;
            dialog.close();
        };
        dialog.append(h("h2", { id }, title), ...[content(close)].flat());
        dialog.addEventListener("close", () => {
            dialog.remove();
            if (before?.isConnected) before.focus();
            resolve(result);
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}
