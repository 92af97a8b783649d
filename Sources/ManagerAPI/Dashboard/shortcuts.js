/**
 * Keys that act on the page. They are left alone while somebody types, in a dialog, and with Ctrl, Alt or Meta.
 *
 * `keys` maps a key to what it does. A function that gives `false` has not used the key.
 */
export function listenForKeys(keys) {
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
        if (document.querySelector("dialog[open]") || isTyping(event.target)) return;
        const act = keys[event.key];
        if (!act) return;
        // Enter and the arrows mean something else to what has the focus.
        if (event.key.length > 1 && event.key !== "Escape" && event.target.closest("button, a, summary, [role=tab], .log, .panel")) return;
        if (act(event) !== false) event.preventDefault();
    });
}

const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select") !== null;
