/** The longest event that is read; the rest of a longer one is passed over. */
const LONGEST = 16 * 1024 * 1024;

/** Reads server-sent events out of text that comes in pieces. */
export class EventParser {
    #rest = "";
    #event = blank();

    /** The events that are complete with this piece: `{type, id, data}`. */
    push(text) {
        const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
        this.#rest = lines.pop().slice(-LONGEST);
        const events = [];
        for (const line of lines) {
            if (line === "") {
                if (this.#event.data !== null) events.push(this.#event);
                this.#event = blank();
            } else {
                this.#take(line);
            }
        }
        return events;
    }

    #take(line) {
        const colon = line.indexOf(":");
        if (colon === 0) return;
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") this.#event.type = value;
        else if (field === "id") this.#event.id = value;
        else if (field === "data") {
            this.#event.data = this.#event.data === null ? value : `${this.#event.data}\n${value}`;
        }
    }
}

const blank = () => ({ type: "message", id: null, data: null });
