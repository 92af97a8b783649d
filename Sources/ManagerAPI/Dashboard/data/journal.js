/** The newest entries of the manager's journal, ascending by `seq`. Bounded: the oldest make room. */
export class Journal {
    static CAPACITY = 3000;

    entries = [];

    get first() {
        return this.entries.length ? this.entries[0].seq : null;
    }

    get last() {
        return this.entries.length ? this.entries[this.entries.length - 1].seq : null;
    }

    /** Adds entries that are newer than all others, and says which of them were new. */
    append(entries) {
        const last = this.last ?? 0;
        const fresh = entries.filter((entry) => entry.seq > last);
        this.entries.push(...fresh);
        if (this.entries.length > Journal.CAPACITY) this.entries.splice(0, this.entries.length - Journal.CAPACITY);
        return fresh;
    }

    /** Adds entries that are older than all others, as far as there is room. */
    prepend(entries) {
        const first = this.first ?? Number.POSITIVE_INFINITY;
        const older = entries.filter((entry) => entry.seq < first);
        const room = Journal.CAPACITY - this.entries.length;
        this.entries.unshift(...older.slice(Math.max(older.length - room, 0)));
    }

    get isFull() {
        return this.entries.length >= Journal.CAPACITY;
    }
}
