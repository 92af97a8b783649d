// What the page asks of the manager. The session's cookie goes along by itself.

/** Something that the manager refused, or could not be asked. */
export class RequestError extends Error {
    /** `status` is the HTTP status, 0 where there was no answer; `code` is one of the manager's, or UNREACHABLE. */
    constructor(status, code, message) {
        super(message);
        this.name = "RequestError";
        this.status = status;
        this.code = code;
    }

    get isSignedOut() {
        return this.status === 401;
    }
}

/** A question that is not answered within this time is not answered at all; a command takes as long as it takes. */
const PATIENCE_MS = 5000;

/** An answer's `data`, and the manager's clock when it was given, in seconds since the Unix epoch. */
async function ask(method, path, body, cancel) {
    const limits = [cancel, method === "GET" ? AbortSignal.timeout(PATIENCE_MS) : undefined].filter(Boolean);
    let response;
    let answer;
    try {
        response = await fetch(path, {
            method,
            signal: AbortSignal.any(limits),
            credentials: "same-origin",
            cache: "no-store",
            headers: body === undefined ? {} : { "content-type": "application/json" },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        answer = await response.json();
    } catch (error) {
        if (error.name === "AbortError") throw error;
        if (error.name === "TimeoutError") throw new RequestError(0, "UNREACHABLE", "the manager does not answer");
        if (response === undefined) throw new RequestError(0, "UNREACHABLE", "the manager cannot be reached");
        throw new RequestError(response.status, "INTERNAL_ERROR", `the answer (HTTP ${response.status}) was not JSON`);
    }
    if (!response.ok) {
        const message = typeof answer?.message === "string" ? answer.message : `HTTP ${response.status}`;
        throw new RequestError(response.status, answer?.error_code ?? "INTERNAL_ERROR", message);
    }
    return { data: answer.data, time: Date.parse(answer.timestamp) / 1000, message: answer.message };
}

const worker = (id, rest = "") => `/api/v1/workers/${encodeURIComponent(id)}${rest}`;

const query = (values) => {
    const wanted = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
    return wanted.length ? `?${new URLSearchParams(wanted)}` : "";
};

export const api = {
    session: () => ask("GET", "/api/v1/session"),
    status: () => ask("GET", "/api/v1/status"),
    workers: () => ask("GET", "/api/v1/workers"),
    topics: () => ask("GET", "/api/v1/topics"),
    /** The newest entries, or with `after_seq` the first ones behind it; ascending. */
    journal: (values) => ask("GET", `/api/v1/journal${query(values)}`),
    why: (id, signal) => ask("GET", worker(id, "/why"), undefined, signal),
    logs: (id, values, signal) => ask("GET", worker(id, `/logs${query(values)}`), undefined, signal),
    signals: (id, signal) => ask("GET", worker(id, "/signals?limit=100"), undefined, signal),

    start: (strategy) => ask("POST", "/api/v1/workers", strategy),
    /** `verb`: stop, pause, resume, reload or restart. */
    command: (id, verb) => ask("POST", worker(id, `/${verb}`), {}),
    params: (id, params) => ask("POST", worker(id, "/params"), { params }),
    forget: (id) => ask("DELETE", worker(id)),
    signOut: () => ask("POST", "/logout", {}),
};
