import { byId, setText } from "../base/dom.js";
import { api } from "../data/api.js";
import { advice, tellFailed } from "./toasts.js";

const MAY = { read: "may look", operate: "may look and act", admin: "may do everything" };

/** Who is signed in, what they may do, until when; and how to end that. */
export class SessionView {
    #manager;
    #connection;

    constructor(manager, connection) {
        this.#manager = manager;
        this.#connection = connection;
        byId("sign-out").addEventListener("click", () => this.#signOut());
        manager.addEventListener("status", () => this.render());
    }

    render() {
        const { session, mayOperate } = this.#manager;
        byId("start-button").hidden = !mayOperate;
        if (!session) return;
        const until = session.expires_at ? `, until ${new Date(session.expires_at).toLocaleString()}` : "";
        setText(byId("session-facts"), `Signed in as ${session.name}: ${MAY[session.scope] ?? session.scope}${until}`);
        byId("sign-out").hidden = false;
    }

    async #signOut() {
        try {
            await api.signOut();
            this.#connection.tryNow();
        } catch (error) {
            tellFailed("You are still signed in", error.message, advice(error));
        }
    }
}
