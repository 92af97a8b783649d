import { api } from "./data/api.js";
import { confirmed } from "./dialogs/confirm.js";
import { askParams } from "./dialogs/params.js";
import { askStart } from "./dialogs/start.js";
import { json } from "./base/format.js";
import { advice, tellDone, tellFailed } from "./views/toasts.js";
import { actions } from "./views/worker-actions.js";

/** What a person does to workers: asked first, done once, and told about. */
export class Commands {
    #manager;
    #connection;
    /** Workers for which a command is on its way; another one waits for its end. */
    #busy = new Set();

    constructor(manager, connection) {
        this.#manager = manager;
        this.#connection = connection;
    }

    /** Does what a button with this text says, or what a key means in the worker's state. */
    async act(id, textOrKey) {
        const worker = this.#operable(id);
        if (!worker) return;
        const action = actions(worker.status).find(({ text, key }) => text === textOrKey || key === textOrKey);
        if (!action) {
            tellFailed(`${id} is ${worker.status.state}`, "This cannot be done now.", "Look at why.");
            return;
        }
        if (!(await confirmed(action.question, action.meaning, action.text, action.isHard))) return;
        const work = action.verb === "forget" ? () => api.forget(id) : () => api.command(id, action.verb);
        await this.#do(id, work, `${id} ${action.done}`, `${action.text} ${id}: refused`, action.todo);
    }

    /** Asks for other parameters, and hands them over. */
    async params(id) {
        const worker = this.#operable(id);
        if (!worker) return;
        const values = await askParams(worker.status);
        if (!values) return;
        await this.#do(id, () => api.params(id, values), `${id} runs with ${json(values)}`, `Parameters of ${id}: refused`);
    }

    /** Asks for a strategy, and starts it. Resolves to its id, or to `undefined`. */
    async start() {
        if (!this.#mayOperate()) return undefined;
        const answer = await askStart((strategy) => api.start(strategy));
        if (!answer) return undefined;
        tellDone(`${answer.data.worker_id} is ${answer.data.state}`);
        this.#connection.tryNow();
        return answer.data.worker_id;
    }

    async #do(id, work, done, failed, todo = "") {
        if (this.#busy.has(id)) {
            tellFailed(`${id} has a command on its way`, "Wait until that one is over.");
            return;
        }
        this.#busy.add(id);
        try {
            await work();
            tellDone(done);
        } catch (error) {
            tellFailed(failed, error.message, advice(error) || todo);
        } finally {
            this.#busy.delete(id);
            this.#connection.tryNow();
        }
    }

    #operable(id) {
        return this.#mayOperate() ? this.#manager.workers.get(id) : undefined;
    }

    #mayOperate() {
        if (this.#manager.mayOperate) return true;
        tellFailed("This session may only look", "Its scope is 'read'.", "Sign in with more rights: quantcell dashboard --scope operate");
        return false;
    }
}
