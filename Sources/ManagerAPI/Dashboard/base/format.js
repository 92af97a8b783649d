// Numbers and times as people read them. An unknown value is an en dash, never a zero.

const UNKNOWN = "–";
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

/** A whole number: 45,031. */
export const count = (value) => (isKnown(value) ? grouped.format(value) : UNKNOWN);

/** A whole number of things: 1 worker, 2 workers. */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** Something a second: 0, 0.4, 12.5, 4,500. */
export function rate(value) {
    if (!isKnown(value)) return UNKNOWN;
    if (value === 0 || value >= 100) return grouped.format(value);
    return value < 0.05 ? "<0.1" : value.toFixed(1);
}

/** A share of one processor: 0 %, 3.2 %, 101 %. */
export function percent(share) {
    if (!isKnown(share)) return UNKNOWN;
    const value = share * 100;
    return value === 0 || value >= 10 ? `${value.toFixed(0)} %` : `${value.toFixed(1)} %`;
}

/** Bytes, by powers of 1024: 512 B, 16.1 MB. */
export function bytes(value) {
    if (!isKnown(value)) return UNKNOWN;
    const units = ["B", "KB", "MB", "GB", "TB"];
    let unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
        value /= 1024;
        unit += 1;
    }
    return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** A length of time in seconds: 0.4 s, 12 s, 3 min, 2 h 5 min, 4 d. */
export function duration(seconds) {
    if (!isKnown(seconds)) return UNKNOWN;
    if (seconds < 10) return `${Math.max(seconds, 0).toFixed(1)} s`;
    if (seconds < 120) return `${Math.floor(seconds)} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 120) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d`;
}

/** How long ago, in seconds. */
export const ago = (seconds) => {
    if (!isKnown(seconds)) return UNKNOWN;
    return seconds < 1 ? "just now" : `${seconds < 120 ? `${Math.floor(seconds)} s` : duration(seconds)} ago`;
};

/** The time of day of an ISO-8601 time in UTC, with milliseconds: 14:53:06.671. The date stands in the title. */
export const timeOfDay = (iso) => (typeof iso === "string" && iso.length >= 19 ? iso.slice(11, 23).replace("Z", "") : UNKNOWN);

/** The day of an ISO-8601 time. */
export const day = (iso) => (typeof iso === "string" ? iso.slice(0, 10) : UNKNOWN);

/** Seconds since the Unix epoch of an ISO-8601 time; `null` for anything else. */
export function epoch(iso) {
    const value = typeof iso === "string" ? Date.parse(iso) : Number.NaN;
    return Number.isNaN(value) ? null : value / 1000;
}

/** The clock of the person who looks, as 14:53:06. */
export const clock = (date) => date.toLocaleTimeString("en-GB");

/** A value as one line of JSON, cut where it is longer than anybody reads. */
export function json(value, longest = 400) {
    if (value === null || value === undefined) return "";
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
