import { h } from "../base/dom.js";
import { showDialog } from "./dialog.js";

/** Says that the session is over, and how to get another one. */
export function showSignedOut() {
    return showDialog("Your session is over", () => [
        h("p", {}, "On the manager's machine, as the manager's user, run"),
        h("pre", {}, h("code", {}, "quantcell dashboard")),
        h("p", {}, "and open the link that it prints. What is shown behind this is old."),
    ]);
}
