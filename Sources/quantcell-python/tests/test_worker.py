"""The worker's process, with a manager that the test plays."""

from __future__ import annotations

import os
import signal
import unittest
from typing import Any

from .fake_manager import FakeManager, children, is_alive

COUNTING = """
    from quantcell import Strategy

    class Counting(Strategy):
        params = {"step": 1}
        state = {"count": 0}

        def on_bar(self, bar, context):
            self.state["count"] += self.params.step
            context.signal("count", "buy", data={"count": self.state["count"]})

        def on_gap(self, gap, context):
            context.signal("gap", data={"messages": gap.messages})

        def on_params(self, previous, context):
            if self.params.step == 13:
                raise ValueError("unlucky")
    """


class WorkerTests(unittest.TestCase):
    def setUp(self) -> None:
        self.manager = FakeManager()
        self.addCleanup(self.manager.close)

    def ended(self) -> int:
        return self.manager.until(lambda: [self.manager.process.poll()] if self.manager.process.poll() is not None else None)[0]

    def test_from_spare_to_stop(self) -> None:
        manager = self.manager
        answer = manager.start(COUNTING, params={"step": 2})
        self.assertEqual((answer["result"], answer["strategy_name"], answer["params"]), ("done", "Counting", {"step": 2}))
        for sequence in (1, 2, 3):
            manager.bar(sequence)
        manager.until(lambda: len(manager.signals()) == 3)
        self.assertEqual(manager.signals(), [f"w:X.kline:{number}:1" for number in (1, 2, 3)])
        beat = manager.until_said("heartbeat", lambda payload: payload["last_sequence"] == 3)
        self.assertEqual((beat["worker_id"], beat["generation"], beat["payload"]["status"]), ("w", 1, "running"))
        self.assertEqual(beat["payload"]["positions"], {"market.X.kline": 3})
        helper, = children(manager.process.pid)
        stop = manager.send("stop")
        self.assertEqual(manager.answer(stop)["result"], "done")
        self.assertEqual(self.ended(), 0)
        last = [m for m in manager.said if m["msg_type"] == "checkpoint"][-1]["payload"]
        self.assertEqual((last["state"], last["positions"], last["reason"]), ({"count": 6}, {"market.X.kline": 3}, "stop"))
        self.assertIsNone(is_alive(helper))

    def test_a_hole_is_filled_from_the_record(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        manager.bar(1)
        for sequence in (2, 3, 4):
            manager.bar(sequence, sends=False)
        manager.bar(5)
        manager.until(lambda: len(manager.signals()) == 5)
        self.assertEqual(manager.signals(), [f"w:X.kline:{number}:1" for number in range(1, 6)])

    def test_what_the_record_lacks_is_named(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        manager.bar(1)
        manager.bar(5)
        manager.until(lambda: len(manager.signals()) == 3)
        self.assertEqual(manager.signals()[1:], ["w:X.kline:4:1", "w:X.kline:5:1"])
        gap = manager.until_said("gap")["payload"]
        self.assertEqual((gap["from"], gap["to"]), (2, 4))

    def test_it_goes_on_from_a_checkpoint(self) -> None:
        manager = self.manager
        for sequence in range(1, 8):
            manager.bar(sequence, sends=False)
        checkpoint = {"ordinal": 4, "positions": {"market.X.kline": 5}, "state": {"count": 50}, "strategy": "Counting"}
        self.assertEqual(manager.start(COUNTING, checkpoint=checkpoint)["result"], "done")
        manager.bar(8)
        manager.until(lambda: len(manager.signals()) == 3)
        self.assertEqual(manager.signals(), [f"w:X.kline:{number}:1" for number in (6, 7, 8)])
        counts = [m["payload"]["data"]["count"] for m in manager.said if m["msg_type"] == "signal"]
        self.assertEqual(counts, [51, 52, 53])
        manager.send("checkpoint")
        self.assertEqual(manager.until_said("checkpoint")["payload"]["ordinal"], 5)

    def test_warming_up_sends_no_signals(self) -> None:
        manager = self.manager
        for sequence in range(1, 11):
            manager.bar(sequence, sends=False)
        manager.start(COUNTING, warmup=4)
        manager.bar(11)
        manager.until(lambda: manager.signals())
        self.assertEqual(manager.signals(), ["w:X.kline:11:1"])
        signal_ = next(m for m in manager.said if m["msg_type"] == "signal")
        self.assertEqual(signal_["payload"]["data"], {"count": 5})

    def test_signals_are_sent_again(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        manager.is_recording = False
        manager.bar(1)
        manager.bar(2)
        manager.until(lambda: len(manager.signals()) == 2)
        manager.send("resend", **{"from": 2})
        manager.until(lambda: len(manager.signals()) == 3)
        manager.send("welcome", heartbeat_interval=0.05, manager="m2")
        manager.until(lambda: len(manager.signals()) == 5)
        self.assertEqual([name.split(":")[2] for name in manager.signals()], ["1", "2", "2", "1", "2"])

    def test_parameters_change_or_are_refused(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        self.assertEqual(manager.answer(manager.send("update_params", params={"step": 5}))["params"], {"step": 5})
        manager.until_said("checkpoint", lambda payload: payload["reason"] == "params")
        refusals = {13: "ValueError: unlucky", "x": "must be a whole number"}
        for value, reason in refusals.items():
            answer = manager.answer(manager.send("update_params", params={"step": value}))
            self.assertEqual(answer["result"], "refused")
            self.assertIn(reason, answer["reason"])
        answer = manager.answer(manager.send("update_params", params={"stp": 1}))
        self.assertIn("did you mean 'step'?", answer["reason"])
        manager.bar(1)
        manager.until(lambda: manager.signals())
        self.assertEqual(next(m for m in manager.said if m["msg_type"] == "signal")["payload"]["data"], {"count": 5})

    def test_a_paused_one_gets_its_data_later(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        self.assertEqual(manager.answer(manager.send("pause"))["result"], "done")
        manager.bar(1)
        manager.until_said("heartbeat", lambda payload: payload["status"] == "paused")
        self.assertEqual(manager.answer(manager.send("pause"))["result"], "refused")
        self.assertEqual(manager.signals(), [])
        self.assertEqual(manager.answer(manager.send("resume"))["result"], "done")
        manager.until(lambda: manager.signals())

    def test_a_command_that_comes_again_is_answered_again(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        first = manager.send("pause")
        manager.answer(first)
        from quantcell.wire import envelope

        again = {**envelope.message("pause", {}, worker_id="w", generation=1), "msg_id": first}
        manager.control.send_multipart([manager.identity.encode(), envelope.encode(again)])
        self.assertEqual(manager.answer(first)["result"], "done")

    def test_the_error_budget(self) -> None:
        manager = self.manager
        manager.start(
            """
            from quantcell import Strategy

            class Failing(Strategy):
                def on_bar(self, bar, context):
                    self.fails(bar)

                def fails(self, bar):
                    return 1 / (bar.close - 1)
            """,
            error_budget={"errors": 2, "window": 60.0},
        )
        for sequence in (1, 2, 3, 4):
            manager.bar(sequence)
        fatal = manager.until_said("error", lambda payload: payload["fatal"])["payload"]
        self.assertIn("error budget spent: more than 2 errors in 60 s; the last: on_bar raised ZeroDivisionError", fatal["message"])
        self.assertIn("in fails", fatal["traceback"])
        self.assertIn("w.py", fatal["traceback"])
        self.assertEqual(fatal["errors_count"], 3)
        self.assertNotIn("runner.py", fatal["traceback"])
        self.assertIn("in fails", manager.log_text)

    def refused(self, source: str, **changes: Any) -> str:
        answer = self.manager.start(source, **changes)
        self.assertEqual(answer["result"], "refused")
        self.assertEqual(self.ended(), 78)
        return answer["reason"]

    def test_a_syntax_error_names_its_line(self) -> None:
        reason = self.refused("class A(:\n    pass\n")
        self.assertIn("w.py\", line 1", reason)
        self.assertIn("SyntaxError", reason)

    def test_a_file_that_fails_to_load_names_its_line(self) -> None:
        reason = self.refused("import quantcell\n\n1 / 0\n")
        self.assertIn("ZeroDivisionError", reason)
        self.assertIn("line 3", reason)

    def test_a_file_without_a_strategy(self) -> None:
        self.assertIn("has no strategy: derive a class from quantcell.Strategy", self.refused("x = 1\n"))

    def test_on_start_may_refuse(self) -> None:
        source = """
            from quantcell import Strategy, StrategyError

            class A(Strategy):
                def on_start(self, context):
                    raise StrategyError("not today")
            """
        self.assertEqual(self.refused(source), "on_start: not today")

    def test_a_state_that_does_not_fit(self) -> None:
        source = """
            from dataclasses import dataclass
            from quantcell import Strategy

            @dataclass
            class State:
                count: int

            class A(Strategy):
                state = State(1)
            """
        checkpoint = {"ordinal": 4, "positions": {}, "state": {"total": 50}, "strategy": "A"}
        reason = self.refused(source, checkpoint=checkpoint)
        self.assertIn("the state of checkpoint 4 does not fit the strategy: 'state.count' is missing", reason)

    # MARK: New code

    def test_the_old_one_stands_still_and_goes_on_or_ends(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        manager.bar(1)
        manager.until(lambda: manager.signals())
        answer = manager.answer(manager.send("handover"))
        self.assertEqual((answer["result"], answer["positions"]), ("done", {"market.X.kline": 1}))
        last = [m for m in manager.said if m["msg_type"] == "checkpoint"][-1]["payload"]
        self.assertEqual((last["reason"], last["state"]), ("reload", {"count": 1}))
        manager.until_said("heartbeat", lambda payload: payload["status"] == "reloading")
        manager.bar(2)
        self.assertEqual(manager.answer(manager.send("resume", handover=True))["result"], "done")
        manager.until(lambda: len(manager.signals()) == 2)
        # Where it does not stand still, there is nothing to end.
        self.assertEqual(manager.answer(manager.send("resume", handover=True))["result"], "done")
        manager.answer(manager.send("handover"))
        checkpoints = len([m for m in manager.said if m["msg_type"] == "checkpoint"])
        self.assertEqual(manager.answer(manager.send("stop", reason="replaced"))["result"], "done")
        self.assertEqual(self.ended(), 0)
        self.assertEqual(len([m for m in manager.said if m["msg_type"] == "checkpoint"]), checkpoints)

    def test_the_new_one_joins_and_waits(self) -> None:
        manager = self.manager
        for sequence in range(1, 6):
            manager.bar(sequence, sends=False)
        checkpoint = {"ordinal": 4, "positions": {"market.X.kline": 3}, "state": {"count": 30}, "strategy": "Counting"}
        answer = manager.start(COUNTING, checkpoint=checkpoint, held="running", params={"step": 2})
        self.assertEqual((answer["result"], answer["defaults"], answer["params"]), ("done", {"step": 1}, {"step": 2}))
        manager.until_said("heartbeat", lambda payload: payload["status"] == "reloading")
        self.assertEqual(manager.signals(), [])
        manager.bar(6)
        self.assertEqual(manager.answer(manager.send("resume"))["result"], "done")
        manager.until(lambda: len(manager.signals()) == 3)
        self.assertEqual(manager.signals(), [f"w:X.kline:{number}:1" for number in (4, 5, 6)])
        self.assertEqual([m["payload"]["data"]["count"] for m in manager.said if m["msg_type"] == "signal"], [32, 34, 36])

    def test_a_trial_ends_when_enough_has_been_seen(self) -> None:
        manager = self.manager
        for sequence in range(1, 6):
            manager.bar(sequence, sends=False)
        checkpoint = {"ordinal": 4, "positions": {"market.X.kline": 1}, "state": {"count": 10}, "strategy": "Counting"}
        sandbox = {"worker_id": "other", "live": {"messages": 5, "seconds": 3600}}
        self.assertEqual(manager.start(COUNTING, checkpoint=checkpoint, sandbox=sandbox)["result"], "done")
        manager.bar(6)
        done = manager.until_said("status_update", lambda payload: payload["status"] == "sandbox_done")["payload"]
        self.assertEqual((done["handled"], done["signals"]), (5, 5))
        self.assertEqual(manager.signals()[0], "other:X.kline:2:1")
        self.assertEqual([m for m in manager.said if m["msg_type"] == "checkpoint"], [])
        self.assertEqual(self.ended(), 0)

    # MARK: Being alive

    STUCK = """
        import itertools
        from quantcell import Strategy

        class Stuck(Strategy):
            def on_bar(self, bar, context):
                self.never_returns()

            def never_returns(self):
                # In C, and without ever letting go of the interpreter's lock.
                sum(itertools.repeat(1))
        """

    def test_a_callback_that_holds_the_interpreter_is_stuck_not_frozen(self) -> None:
        manager = self.manager
        manager.start(self.STUCK)
        manager.bar(1)
        stuck = manager.until_said("heartbeat", lambda payload: payload["callback_seconds"] > 0.5)
        self.assertEqual(stuck["payload"]["callback"], "on_bar")
        self.assertEqual(stuck["payload"]["status"], "running")
        os.kill(manager.process.pid, signal.SIGUSR1)
        manager.until(lambda: "--- end ---" in manager.log_text)
        trace = manager.log_text[manager.log_text.index("--- backtrace of ") :]
        self.assertRegex(trace, r"--- backtrace of w generation 1: on_bar for \d+\.\d s ---")
        self.assertIn("in never_returns", trace)
        self.assertIn("in on_bar", trace)
        self.assertNotIn("in <module>", trace)

    def test_a_worker_that_is_stopped_falls_silent(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        os.kill(manager.process.pid, signal.SIGSTOP)
        manager.until(lambda: is_alive(manager.process.pid) == "T")
        # What was under way before has come when a beat that is asked for by somebody else would have.
        manager.serve(0.2)
        manager.said.clear()
        self.assertFalse(manager.status.poll(500), "it beats though it stands still")
        os.kill(manager.process.pid, signal.SIGCONT)
        manager.until_said("heartbeat")

    def test_the_heartbeat_ends_with_the_worker(self) -> None:
        helper, = children(self.manager.process.pid)
        os.kill(self.manager.process.pid, signal.SIGKILL)
        self.manager.until(lambda: is_alive(helper) is None)

    def test_the_worker_ends_with_the_heartbeat(self) -> None:
        helper, = children(self.manager.process.pid)
        os.kill(helper, signal.SIGKILL)
        self.assertEqual(self.ended(), 70)
        self.assertIn("the process that sends heartbeats has ended", self.manager.log_text)

    def test_sigterm_stops_a_strategy(self) -> None:
        manager = self.manager
        manager.start(COUNTING)
        manager.bar(1)
        manager.until(lambda: manager.signals())
        os.killpg(manager.process.pid, signal.SIGTERM)
        self.assertEqual(self.ended(), 0)
        self.assertIn("stopping: SIGTERM", manager.log_text)

    def test_a_log_that_was_put_aside_is_begun_anew(self) -> None:
        manager = self.manager
        manager.start(
            """
            from quantcell import Strategy

            class Printing(Strategy):
                def on_bar(self, bar, context):
                    print("bar", bar.sequence)
            """
        )
        manager.bar(1)
        manager.until(lambda: "bar 1" in manager.log_text)
        os.rename(manager.log, manager.log + ".1")
        manager.until(lambda: os.path.exists(manager.log))
        manager.bar(2)
        manager.until(lambda: "bar 2" in manager.log_text)


if __name__ == "__main__":
    unittest.main()
