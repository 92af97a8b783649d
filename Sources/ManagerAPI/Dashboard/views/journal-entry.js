import { h, setText } from "../base/dom.js";
import { day, json, timeOfDay } from "../base/format.js";

const state = (name) => h("span", { class: "state", data: { state: name } }, name);

/** One entry of the journal as a line of the timeline. `open(id, tab)` shows the worker that it is about. */
export function entryElement(entry, open) {
    const { seq, time, kind, worker_id: worker, generation, from_state: from, to_state: to, actor, detail } = entry;
    const who = detail?.who ? `${detail.who}${detail.from ? `, ${detail.from}` : ""}` : actor;
    const isBad = to === "error" || kind === "refused";
    const line = h(
        "div",
        { class: "entry-line" },
        h("time", { datetime: time, title: `${day(time)} UTC, entry ${seq}` }, timeOfDay(time)),
        h("span", { class: "kind", data: { kind } }, kind),
        worker &&
            h("button", { type: "button", class: "link", title: "Why?", on: { click: () => open(worker, "why") } }, worker),
        to && h("span", { class: "change" }, from && h("small", {}, `${from} → `), state(to)),
        h("span", { class: "cause" }, causeText(entry)),
        h("small", { class: "actor" }, [who, generation && `gen ${generation}`].filter(Boolean).join(" · ")),
    );
    const more = kind === "signal" ? null : detailElement(kind === "command" ? withoutSaid(detail) : detail);
    return h("li", { class: "entry", data: { seq, kind, bad: isBad } }, line, more);
}

function causeText({ kind, cause, detail }) {
    if (kind === "command" && detail?.result) return `${cause}: ${detail.result}`;
    if (kind !== "signal") return cause ?? "";
    const parts = [cause, detail?.side, detail?.symbol, detail?.price && `at ${detail.price}`];
    return parts.filter((part) => part !== null && part !== undefined).map(String).join(" ");
}

/** A command's detail without what its line says already, and without what only programs read. */
function withoutSaid(detail) {
    const { msg_id: id, result, who, from, payload, ...rest } = detail ?? {};
    const more = payload && Object.keys(payload).length ? { payload, ...rest } : rest;
    return Object.keys(more).length ? more : null;
}

/** The detail is made when it is asked for: most are never read. */
function detailElement(detail) {
    if (detail === null || detail === undefined) return null;
    const text = h("pre");
    const element = h("details", {}, h("summary", {}, json(detail, 80)), text);
    element.addEventListener("toggle", () => {
        setText(text, element.open ? json(JSON.stringify(detail, null, 2), 20_000) : "");
    });
    return element;
}
