/** The last values of one quantity, one for each look at the manager. Bounded: the oldest make room. */
export class Series {
    #values;
    #next = 0;
    #count = 0;

    /** `capacity`: how many values are kept. */
    constructor(capacity) {
        this.#values = new Float64Array(capacity);
    }

    /** Adds a value; `null` means that it was not known, which a chart shows as a gap. */
    push(value) {
        this.#values[this.#next] = value ?? Number.NaN;
        this.#next = (this.#next + 1) % this.#values.length;
        this.#count = Math.min(this.#count + 1, this.#values.length);
    }

    get length() {
        return this.#count;
    }

    /** The newest value, or `null`. */
    get last() {
        const value = this.#count ? this.#at(this.#count - 1) : Number.NaN;
        return Number.isNaN(value) ? null : value;
    }

    /** The newest values, the oldest of them first; unknown ones are NaN. */
    tail(length) {
        const count = Math.min(length, this.#count);
        return Array.from({ length: count }, (_, index) => this.#at(this.#count - count + index));
    }

    #at(index) {
        const start = this.#next - this.#count + this.#values.length;
        return this.#values[(start + index) % this.#values.length];
    }
}
