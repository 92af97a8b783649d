/**
 * What can be done to a worker in its state, in the order of the buttons: `{verb, text, key, question, meaning, isHard}`.
 *
 * `meaning` tells before the act what it will do; `isHard` marks what cannot be taken back; `todo` is what a person can do where it is refused.
 * What `isRare` has its button in the worker's panel only.
 */
export function actions(worker) {
    const { state, kind, worker_id: id } = worker;
    const found = [];
    // A program of kind `process` hears nothing but signals.
    const listens = kind !== "process";
    if (listens && state === "running") found.push(verbs.pause);
    if (listens && state === "paused") found.push(verbs.resume);
    if (listens && ["running", "paused"].includes(state)) found.push(verbs.reload);
    if (!["stopping", "initializing", "restarting", "compiling"].includes(state)) found.push(state === "stopped" ? verbs.startAgain : verbs.restart);
    if (state !== "stopped" && state !== "stopping") found.push(verbs.stop);
    if (state === "stopped") found.push(verbs.forget);
    return found.map((action) => ({ ...action, question: `${action.text} ${id}?` }));
}

const verbs = {
    pause: {
        verb: "pause",
        text: "Pause",
        key: "p",
        meaning: "It stays alive and its data is held back. What comes meanwhile waits for it.",
        done: "is paused",
    },
    resume: { verb: "resume", text: "Resume", key: "p", meaning: "Data flows again, what was held back first.", done: "is running" },
    reload: {
        verb: "reload",
        text: "Reload",
        key: "c",
        meaning: "What is in its file now runs beside it on trial, then takes over between two messages, with its state. If the trial fails, nothing changes.",
        done: "runs what is in its file",
        todo: "The old code runs on. Mend the file, and reload again.",
        isRare: true,
    },
    restart: {
        verb: "restart",
        text: "Restart",
        key: "r",
        meaning: "Its process ends, and a new one goes on from the last checkpoint with a whole restart budget. A changed source is compiled again.",
        done: "runs in a new process",
        isHard: true,
    },
    startAgain: {
        verb: "restart",
        text: "Start",
        key: "r",
        meaning: "A new process goes on from the last checkpoint. A changed source is compiled again.",
        done: "runs again",
    },
    stop: {
        verb: "stop",
        text: "Stop",
        key: "x",
        meaning: "It is asked to end, then told, then killed. It stays stopped, also when the manager starts again.",
        done: "is stopped",
        isHard: true,
    },
    forget: {
        verb: "forget",
        text: "Remove",
        key: "x",
        meaning: "It disappears from the list. Its journal entries and recorded data stay.",
        done: "is removed",
        isHard: true,
    },
};
