// Puts the page together. What the manager is like is in `data`, what a person sees in `views`, `panel` and `dialogs`.

import { byId } from "./base/dom.js";
import { Commands } from "./commands.js";
import { Connection } from "./data/connection.js";
import { ManagerState } from "./data/manager-state.js";
import { showHelp } from "./dialogs/help.js";
import { showSignedOut } from "./dialogs/signed-out.js";
import { WorkerPanel } from "./panel/worker-panel.js";
import { listenForKeys } from "./shortcuts.js";
import { AttentionView } from "./views/attention-view.js";
import { ConnectionView } from "./views/connection-view.js";
import { JournalView } from "./views/journal-view.js";
import { SessionView } from "./views/session-view.js";
import { SummaryView } from "./views/summary-view.js";
import { TopicsView } from "./views/topics-view.js";
import { WorkersView } from "./views/workers-view.js";

const manager = new ManagerState();
const connection = new Connection(manager);
const commands = new Commands(manager, connection);

const open = (id, tab) => panel.open(id, tab);
const act = (id, text) => commands.act(id, text);

const journal = new JournalView(manager, open);
const panel = new WorkerPanel(manager, {
    act,
    params: (id) => commands.params(id),
    journal: (id) => {
        panel.close();
        journal.filterBy(id);
        byId("journal").scrollIntoView();
        byId("journal-filter").focus();
    },
});
const workers = new WorkersView(manager, { open, act });
new AttentionView(manager, connection, open);
new SummaryView(manager);
new TopicsView(manager);
new ConnectionView(connection);
new SessionView(manager, connection);

/** What keys act on: the worker whose panel is open, else the one that is chosen in the table. */
const withWorker = (work) => () => {
    const id = panel.id ?? workers.chosen;
    return id === null ? false : void work(id);
};

const start = async () => {
    const id = await commands.start();
    if (id !== undefined) open(id, "log");
};

listenForKeys({
    j: () => workers.move(1),
    k: () => workers.move(-1),
    ArrowDown: (event) => (event.target.closest(".workers") ? workers.move(1) : false),
    ArrowUp: (event) => (event.target.closest(".workers") ? workers.move(-1) : false),
    Enter: (event) => (event.target.closest(".workers") ? withWorker((id) => open(id, "why"))() : false),
    w: withWorker((id) => open(id, "why")),
    l: withWorker((id) => open(id, "log")),
    e: withWorker((id) => commands.params(id)),
    p: withWorker((id) => act(id, "p")),
    c: withWorker((id) => act(id, "c")),
    r: withWorker((id) => act(id, "r")),
    x: withWorker((id) => act(id, "x")),
    n: () => void start(),
    o: () => workers.turnOrder(),
    f: () => journal.toggleFollowing(),
    "/": () => workers.focusFilter(),
    "?": () => void showHelp(),
    Escape: () => panel.close(),
});
byId("help-button").addEventListener("click", () => showHelp());
byId("start-button").addEventListener("click", start);
connection.addEventListener("change", () => {
    if (connection.state === "signed-out") showSignedOut();
});
connection.start();
