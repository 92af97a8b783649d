"""What goes on between data, signals and the disk, without sockets. The clock is handed in."""

from __future__ import annotations

import unittest
from typing import Any, Dict

from quantcell import StrategyError
from quantcell.wire.topic import Topic
from quantcell.worker.limits import NEVER, SECOND, ErrorBudget, ManagerLease, RateLimit, ResendTimer, Timers
from quantcell.worker.outbox import Checkpointer, Policy, SignalOutbox
from quantcell.worker.topics import Recovery, TopicTable


class OutboxTests(unittest.TestCase):
    def test_signals_are_kept_until_they_are_recorded(self) -> None:
        outbox = SignalOutbox()
        for number in (b"1", b"2", b"3"):
            outbox.append(number)
        sent = []
        while outbox.next_unsent is not None:
            sent.append(outbox.next_unsent)
            outbox.sent()
        self.assertEqual((sent, outbox.last), ([b"1", b"2", b"3"], 3))
        self.assertTrue(outbox.take_recorded(2))
        self.assertFalse(outbox.take_recorded(2))
        self.assertEqual((len(outbox), outbox.last, outbox.recorded), (1, 3, 2))
        self.assertFalse(outbox.rewind(2))
        self.assertEqual(outbox.next_unsent, b"3")
        outbox.sent()
        self.assertTrue(outbox.rewind())
        self.assertEqual(outbox.next_unsent, b"3")
        # What was never sent is not skipped, and no number is beyond the last.
        outbox.append(b"4")
        outbox.rewind(10)
        self.assertEqual(outbox.next_unsent, b"3")
        self.assertTrue(outbox.take_recorded(99))
        self.assertEqual((outbox.recorded, outbox.last), (4, 4))

    def test_it_is_bounded(self) -> None:
        outbox = SignalOutbox()
        self.assertTrue(outbox.has_room(1 << 30))
        outbox.append(b"x" * (16 << 20))
        self.assertFalse(outbox.has_room(1))


class CheckpointerTests(unittest.TestCase):
    def test_one_is_on_its_way_at_a_time_and_behind_its_signals(self) -> None:
        keeper = Checkpointer(Policy(messages=2, interval=5 * SECOND), 6, 0)
        self.assertIsNone(keeper.due(10 * SECOND))
        keeper.is_touched = True
        self.assertEqual(keeper.due(5 * SECOND), "interval")
        keeper.messages = 2
        self.assertEqual((keeper.is_full, keeper.due(0)), (True, "messages"))
        keeper.take(b"state", 3, SECOND)
        self.assertEqual((keeper.ordinal, keeper.is_settled), (7, False))
        self.assertIsNone(keeper.to_send(2))
        self.assertEqual(keeper.to_send(3), b"state")
        keeper.sent()
        self.assertIsNone(keeper.to_send(3))
        keeper.want("stop")
        self.assertIsNone(keeper.due(SECOND))
        keeper.rewind()
        self.assertEqual(keeper.to_send(3), b"state")
        keeper.sent()
        self.assertFalse(keeper.take_recorded(6))
        self.assertTrue(keeper.take_recorded(7))
        self.assertEqual(keeper.due(SECOND), "stop")


class RecoveryTests(unittest.TestCase):
    def setUp(self) -> None:
        self.topics = TopicTable()
        entry, _ = self.topics.subscribe(Topic("X", "kline"))
        assert entry is not None
        self.entry = entry
        self.topics.advance(entry, 2)

    def recovery(self, last: int) -> Recovery:
        return Recovery("gap", {self.entry: last}, self.topics)

    def begin(self, recovery: Recovery, more: bool, *lost: Dict[str, Any]) -> None:
        recovery.begin({"more": more, "lost": [{"topic": "market.X.kline", **item} for item in lost]})

    def test_every_message_is_handled_once_or_lost_once(self) -> None:
        recovery = self.recovery(10)
        self.assertEqual([(span.first, span.last) for span in recovery.open], [(3, 10)])
        self.begin(recovery, False, {"from": 5, "to": 6, "reason": "pruned"})
        self.assertEqual(recovery.arrive(3, self.entry), ([], True))
        self.assertEqual(recovery.arrive(3, self.entry), ([], False))
        lost, is_next = recovery.arrive(8, self.entry)
        self.assertTrue(is_next)
        self.assertEqual(
            [(loss.first, loss.last, loss.reason) for loss in lost],
            [(4, 4, "missing in the record"), (5, 6, "pruned"), (7, 7, "missing in the record")],
        )
        self.assertEqual([(loss.first, loss.last) for loss in recovery.end()], [(9, 10)])
        self.assertEqual((recovery.open, self.entry.last), ([], 10))

    def test_an_answer_that_goes_on_loses_only_what_it_names(self) -> None:
        recovery = self.recovery(10)
        self.begin(recovery, True, {"from": 3, "to": 4, "reason": "pruned"})
        self.assertEqual([(loss.first, loss.last) for loss in recovery.end()], [(3, 4)])
        self.assertEqual([(span.first, span.last) for span in recovery.open], [(5, 10)])
        # One that says there is more and brings nothing has nothing to wait for.
        self.begin(recovery, True)
        self.assertEqual([(loss.first, loss.last) for loss in recovery.end()], [(5, 10)])

    def test_what_nobody_wants_any_more_is_not_asked_for(self) -> None:
        recovery = self.recovery(10)
        self.topics.unsubscribe(Topic("X", "kline"))
        self.assertEqual(recovery.open, [])

    def test_hostile_answers(self) -> None:
        recovery = self.recovery(4)
        recovery.begin({"lost": [1, {"topic": 5}, {"topic": "market.X.kline", "from": 9, "to": 1}], "more": "yes"})
        self.assertEqual([(loss.first, loss.last) for loss in recovery.end()], [(3, 4)])


class LimitTests(unittest.TestCase):
    def test_the_error_budget_forgets(self) -> None:
        budget = ErrorBudget(2, 10)
        self.assertEqual([budget.spend(second * SECOND) for second in (0, 1, 2, 11, 12)], [False, False, True, False, False])
        self.assertTrue(ErrorBudget(0).spend(0))

    def test_the_rate_limit_counts_what_it_turns_away(self) -> None:
        limit = RateLimit(1, 10)
        self.assertEqual([limit.admit(second * SECOND) for second in (0, 1, 2, 10)], [0, None, None, 2])

    def test_what_is_not_confirmed_is_sent_again_less_and_less_often(self) -> None:
        timer = ResendTimer(0)
        due = [second for second in range(200) if timer.is_due(second * SECOND)]
        self.assertEqual(due, [5, 15, 35, 75, 135, 195])

    def test_the_lease_counts_from_the_first_question_without_an_answer(self) -> None:
        lease = ManagerLease(60, 0)
        lease.is_spare = False
        looks = [(second, lease.look(second * SECOND)) for second in range(0, 80, 5)]
        self.assertEqual([second for second, verdict in looks if verdict == "ask"], [10, 20, 30, 40, 50, 60, 70])
        self.assertEqual([second for second, verdict in looks if verdict == "over"], [75])
        lease = ManagerLease(60, 0)
        # Nobody looked for an hour: the manager gets time to answer first.
        self.assertEqual(lease.look(3600 * SECOND), "ask")
        lease.heard()
        self.assertEqual(lease.look(3601 * SECOND), "wait")

    def test_timers(self) -> None:
        timers = Timers()
        self.assertEqual(timers.next_due, NEVER)
        timers.set("slow", 10, 0)
        timers.set("fast", 1, 0)
        self.assertEqual(timers.take_due(5 * SECOND), "fast")
        self.assertIsNone(timers.take_due(5 * SECOND))
        self.assertEqual(timers.next_due, 6 * SECOND)
        timers.cancel("fast")
        self.assertEqual(timers.next_due, 10 * SECOND)
        timers.restart(5 * SECOND)
        self.assertEqual(timers.next_due, 15 * SECOND)
        for seconds in (0.0001, 1e9, float("nan")):
            with self.assertRaises(StrategyError):
                timers.set("x", seconds, 0)
