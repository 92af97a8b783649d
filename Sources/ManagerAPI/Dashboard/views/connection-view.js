import { button, byId, h, setText } from "../base/dom.js";
import { clock } from "../base/format.js";

/** Says honestly how current the page is, and dims what is not. */
export class ConnectionView {
    #connection;
    #text = h("span");
    #again;

    constructor(connection) {
        this.#connection = connection;
        this.#again = button("Try now", () => connection.tryNow(), { kind: "quiet" });
        byId("connection").replaceChildren(h("span", { class: "dot", "aria-hidden": "true" }), this.#text, this.#again);
        connection.addEventListener("change", () => this.render());
        this.render();
    }

    render() {
        const { state, problem } = this.#connection;
        byId("connection").dataset.state = state;
        byId("connection").title = problem;
        document.body.classList.toggle("is-stale", state === "reconnecting" || state === "signed-out");
        setText(this.#text, this.#words());
        this.#again.hidden = state === "live" || state === "signed-out" || !problem;
    }

    #words() {
        const { state, problem, currentAt } = this.#connection;
        const since = currentAt ? `stale since ${clock(currentAt)}` : "nothing seen yet";
        switch (state) {
            case "live":
                return "Live";
            case "signed-out":
                return `Signed out, ${since}`;
            case "reconnecting":
                return `Reconnecting, ${since}`;
            default:
                return problem ? `Connecting: ${problem}` : "Connecting…";
        }
    }
}
