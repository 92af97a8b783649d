import { button, byId, h } from "../base/dom.js";

/** So long a good word stays, in milliseconds; a bad one stays until it is closed. */
const STAYS_MS = 6000;
const MOST = 4;

/** Says that something is done. */
export function tellDone(text) {
    const toast = show("done", "status", text);
    setTimeout(() => toast.remove(), STAYS_MS);
}

/** Says what failed, why, and what to do next. */
export function tellFailed(text, reason, todo = "") {
    show("failed", "alert", text, h("pre", {}, reason), todo && h("p", { class: "todo" }, todo));
}

function show(kind, role, text, ...more) {
    const toast = h("div", { class: "toast", role, data: { kind } }, h("p", {}, text), more);
    if (kind === "failed") toast.append(button("Close", () => toast.remove(), { kind: "quiet" }));
    const toasts = byId("toasts");
    toasts.append(toast);
    while (toasts.children.length > MOST) toasts.firstElementChild.remove();
    return toast;
}

/** What a person can do about a refused request, by the manager's code. */
export function advice(error) {
    switch (error.code) {
        case "UNREACHABLE":
            return "The manager may have stopped. The page tries again by itself; it is not known whether this was done.";
        case "UNAUTHORIZED":
            return "Your session is over. Run 'quantcell dashboard' and open its link.";
        case "FORBIDDEN":
            return "Sign in with more rights: quantcell dashboard --scope operate";
        case "CONFLICT":
            return "Its state does not allow this now. Look at why, then try again.";
        case "WORKER_NOT_FOUND":
            return "Somebody has removed it meanwhile.";
        case "RATE_LIMITED":
            return "Too much was asked for at once. Wait a moment.";
        case "SERVICE_UNAVAILABLE":
            return "The manager is starting or stopping, or cannot write its journal. Try again in a moment.";
        default:
            return "";
    }
}
