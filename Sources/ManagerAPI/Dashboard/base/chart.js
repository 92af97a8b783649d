import { setAttribute, svg } from "./dom.js";

const WIDTH = 100;
const HEIGHT = 24;

/** A small line over a filled ground, as wide as its box. It always starts at zero, so that two of them can be compared by eye. */
export class Chart {
    #line = svg("path", { class: "chart-line" });
    #area = svg("path", { class: "chart-area" });
    #length;
    #least;

    /**
     * `length`: how many values fill the width. `least`: the smallest value that may fill the height, so that noise near zero
     * does not look like a storm.
     */
    constructor(length, least) {
        this.#length = length;
        this.#least = least;
        this.element = svg(
            "svg",
            { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
            this.#area,
            this.#line,
        );
    }

    draw(series) {
        const values = series.tail(this.#length);
        const top = values.reduce((most, value) => (value > most ? value : most), this.#least);
        const step = WIDTH / (this.#length - 1);
        const offset = this.#length - values.length;
        let line = "";
        let area = "";
        let start = null;
        for (let index = 0; index <= values.length; index += 1) {
            const value = values[index];
            const x = round((offset + index) * step);
            if (value === undefined || Number.isNaN(value)) {
                if (start !== null) area += `V${HEIGHT}H${start}Z`;
                // A single value between two unknown ones would be invisible.
                if (start !== null && index > 0 && start === round((offset + index - 1) * step)) line += "h0.5";
                start = null;
                continue;
            }
            const y = round(HEIGHT - 1 - (value / top) * (HEIGHT - 3));
            line += `${start === null ? "M" : "L"}${x} ${y}`;
            area += start === null ? `M${x} ${HEIGHT}V${y}` : `L${x} ${y}`;
            start ??= x;
        }
        setAttribute(this.#line, "d", line);
        setAttribute(this.#area, "d", area);
    }
}

const round = (value) => Math.round(value * 10) / 10;
