"""The real manager, in folders of its own, served to a real browser."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QUANTCELL_BUILD", ROOT / ".build" / "debug"))
STRATEGY = pathlib.Path(__file__).with_name("probe.swift")
#: What hangs is ended after so many seconds; nothing is expected to take nearly as long.
LIMIT = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Manager:
    """Starts on `start`; `close` leaves no process and no folder behind."""

    def __init__(self):
        # Short, since the path of an ipc socket has about a hundred bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="qcb-"))
        self.strategies = self.folder / "strategies"
        self.strategies.mkdir()
        shutil.copy(STRATEGY, self.strategies)
        self.port = free_port()
        self.environment = os.environ | {
            "QUANTCELL_RUNTIME_DIR": str(self.folder / "run"),
            "QUANTCELL_DATA_DIR": str(self.folder / "data"),
            "NO_COLOR": "1",
        }
        self.process = None
        self.lines = []
        self.configure()

    def configure(self, endpoints="", more=""):
        """Writes the configuration; `endpoints` are members of `manager.endpoints`, `more` is a section of its own."""
        (self.folder / "config.yaml").write_text(
            f"""
            manager: {{max_workers: 120, endpoints: {{{endpoints}}}}}
            supervisor: {{orphan_lease: 10s}}
            api:
              enabled: true
              port: {self.port}
              strategy_dirs: [{self.strategies}]
            {more}
            """
        )

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def start(self):
        """Returns when the manager says that it runs."""
        running = threading.Event()
        self.process = subprocess.Popen(
            [BUILD / "quantcell-manager", "run", "--config", self.folder / "config.yaml"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

        def read(output):
            for line in output:
                self.lines.append(line.rstrip("\n"))
                if "the manager runs" in line:
                    running.set()
            running.set()

        threading.Thread(target=read, args=(self.process.stdout,), daemon=True).start()
        assert running.wait(LIMIT), f"the manager did not start:\n{self.log}"
        assert self.process.poll() is None, f"the manager ended:\n{self.log}"
        return self

    @property
    def log(self):
        return "\n".join(self.lines[-50:])

    def end(self, how=signal.SIGTERM):
        """Ends the manager alone; after SIGKILL its workers live on."""
        self.process.send_signal(how)
        self.process.wait(LIMIT)

    def close(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.end()
        elif self.process.returncode == -signal.SIGKILL:
            # Somebody must end the workers that were left behind.
            self.start()
            self.end()
        shutil.rmtree(self.folder)

    def cli(self, *arguments, code=0, text=None):
        """What a command prints; its exit code must be as expected."""
        done = subprocess.run(
            [BUILD / "quantcell", *map(str, arguments)],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        assert done.returncode == code, f"quantcell {arguments}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.log}"
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.cli(*arguments, "--json"))

    def login_link(self, scope="operate"):
        """The one-time link of `quantcell dashboard`."""
        return self.cli("dashboard", "--no-open", "--scope", scope).split()[-1]

    def start_strategy(self, name, symbol="BTC/USDT", code=0, **params):
        options = [option for key, value in params.items() for option in ("--param", f"{key}={value}")]
        self.cli("start-strategy", self.strategies / "probe.swift", "--name", name, "--symbols", symbol, *options, code=code)

    def status(self, name):
        return self.json("status", name)

    def kill(self, name):
        """Kills a worker's process, and says which one that was."""
        pid = self.status(name)["pid"]
        os.kill(pid, signal.SIGKILL)
        return pid

    def bars(self, number, symbol="BTC/USDT", close=100.0):
        """Publishes bars that are on disk when this returns."""
        bar = {"open": close, "high": close, "low": close, "close": close, "volume": 1, "closed": True}
        self.cli("publish", symbol, "kline", text=f"{json.dumps(bar)}\n" * number)

    def feed(self, *frames):
        """Sends frames that no command would send."""
        with zmq.Context() as context, context.socket(zmq.PUSH) as socket_:
            socket_.setsockopt(zmq.LINGER, LIMIT * 1000)
            socket_.connect(f"ipc://{self.folder}/run/feed.sock")
            socket_.send_multipart(frames)
