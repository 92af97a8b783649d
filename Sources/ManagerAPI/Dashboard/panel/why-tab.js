import { h } from "../base/dom.js";
import { ago, bytes, day, duration, epoch, timeOfDay } from "../base/format.js";
import { api } from "../data/api.js";
import { AskingTab } from "./asking-tab.js";

/** What happened to a worker, what comes next, and what a person can do; asked for anew whenever something happens to it. */
export class WhyTab extends AskingTab {
    constructor(body, id, manager) {
        super(body, id, manager, "transition");
    }

    ask(signal) {
        return api.why(this.id, signal);
    }

    show({ worker, next, advice: lines, deaths, transitions }) {
        const now = this.manager.now();
        this.body.replaceChildren(
            h("p", { class: "next" }, h("span", { class: "state", data: { state: worker.state } }, worker.state), ` Next: ${next}`),
            lines.length ? h("ul", { class: "advice" }, lines.map((line) => h("li", {}, line))) : "",
            h("h3", {}, deaths.length ? "How its processes ended" : "None of its processes has ended unasked"),
            ...deaths.map((death) => deathElement(death, now)),
            h("h3", {}, "What happened, the newest first"),
            h("ol", { class: "steps" }, transitions.toReversed().map(stepElement)),
        );
    }
}

function stepElement({ time, from_state: from, to_state: to, cause, actor, generation }) {
    return h(
        "li",
        {},
        h("time", { datetime: time, title: `${day(time)} UTC` }, timeOfDay(time)),
        " ",
        from ? `${from} → ` : "",
        h("span", { class: "state", data: { state: to } }, to),
        h("div", {}, cause ?? ""),
        h("small", {}, `${actor ?? "–"} · gen ${generation ?? "–"}`),
    );
}

function deathElement(death, now) {
    const time = epoch(death.time);
    const facts = [
        ["Ended", `${day(death.time)} ${timeOfDay(death.time)} UTC, ${time === null ? "–" : ago(now - time)}`],
        ["Exit", [death.exit, death.core_dumped && "core dumped", death.out_of_memory && "out of memory"].filter(Boolean).join(", ")],
        ["In", death.callback && `${death.callback}, for ${duration(death.callback_seconds)}`],
        ["Last message", death.last_topic && `${death.last_topic} ${death.last_sequence}`],
        ["Most memory", bytes(death.peak_resident_bytes)],
        ["Processor", duration((death.cpu_user_seconds ?? 0) + (death.cpu_system_seconds ?? 0))],
    ].filter(([, value]) => value);
    return h(
        "article",
        { class: "death" },
        h("h4", {}, `Generation ${death.generation}: ${death.exit ?? death.cause ?? "unknown"}`),
        h("dl", {}, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
        death.backtrace && h("details", { open: true }, h("summary", {}, "Backtrace"), h("pre", {}, death.backtrace)),
        death.log_tail && h("details", {}, h("summary", {}, "What it wrote last"), h("pre", {}, death.log_tail)),
    );
}
