import { Series } from "../base/series.js";
import { HISTORY } from "./worker-history.js";

/** How much was published on a topic lately. */
export class TopicHistory {
    rate = new Series(HISTORY);
    refusals = new Series(HISTORY);
    #before = null;

    /** Takes a look at the topic's counters; `now` is the manager's clock in seconds. */
    take(topic, now) {
        const before = this.#before;
        const seconds = before === null ? 0 : now - before.now;
        if (before !== null && seconds <= 0) return;
        this.rate.push(change(topic.published, before?.published, seconds));
        this.refusals.push(change(topic.refused, before?.refused, seconds));
        this.#before = { now, published: topic.published, refused: topic.refused };
    }

    interrupt() {
        this.rate.push(null);
        this.#before = null;
    }
}

/** Counters begin again with each manager; such a look says nothing. */
const change = (now, before, seconds) => (before === undefined || now < before ? null : (now - before) / seconds);
