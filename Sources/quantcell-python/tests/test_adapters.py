"""Strategies that were written for something else, and what of them is refused."""

from __future__ import annotations

import os
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional

from quantcell import Bar, StrategyError, Tick
from quantcell.errors import WorkerFailure
from quantcell.market import Event
from quantcell.wire import codec
from quantcell.worker.gauges import Gauges
from quantcell.worker.loader import MODULE, load
from quantcell.worker.order import StartOrder
from quantcell.worker.runner import StrategyRunner

MINUTE = 60_000_000_000


class Outlet:
    """Keeps what a strategy emits."""

    def __init__(self) -> None:
        self.signals: List[Dict[str, Any]] = []
        self.errors: List[str] = []
        self.record: List[Event] = []

    def emit(self, signal: Dict[str, Any]) -> None:
        self.signals.append(signal["payload"])

    def deliver(self, message: Dict[str, Any]) -> None:
        if message["msg_type"] == "error":
            self.errors.append(message["payload"]["message"])

    def last_bars(self, entry: Any, count: int, before: Optional[int]) -> List[Event]:
        return [event for event in self.record if before is None or event.sequence < before][-count:]

    def set_subscribed(self, topic: str, is_subscribed: bool) -> None:
        pass

    def offer(self, message: Dict[str, Any]) -> None:
        pass

    def log(self, level: int, text: str) -> None:
        pass


class AdapterTests(unittest.TestCase):
    def setUp(self) -> None:
        self.outlet = Outlet()
        before = list(sys.path), list(sys.meta_path)
        self.addCleanup(lambda: (sys.path.__setitem__(slice(None), before[0]), sys.meta_path.__setitem__(slice(None), before[1])))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "foreign.py")

    def tearDown(self) -> None:
        sys.modules.pop(MODULE, None)

    def start(self, source: str, symbols: Any = ("X",), record: Any = (), **params: Any) -> StrategyRunner:
        Path(self.path).write_text(textwrap.dedent(source))
        payload = {"strategy_path": "", "symbols": list(symbols), "data_types": ["kline", "tick"], "params": params}
        order = StartOrder.read({"worker_id": "w", "generation": 1, "payload": payload})
        self.outlet.record = list(record)
        runner = StrategyRunner(load(self.path), order, Gauges("w", 1, "i"), self.outlet)  # type: ignore[arg-type]
        runner.start()
        self.sequence = 0
        return runner

    def bars(self, runner: StrategyRunner, *closes: float, symbol: str = "X") -> None:
        for close in closes:
            self.sequence += 1
            bar = Bar(symbol, close, close, close, close, 1, sequence=self.sequence, open_time=self.sequence * MINUTE, interval="1m")
            runner.handle(f"market.{symbol}.kline".encode(), codec.encode(bar))

    def orders(self) -> List[Any]:
        return [(signal["name"], signal["side"], signal["price"], signal["quantity"]) for signal in self.outlet.signals]

    # MARK: The original design

    def test_a_class_that_takes_its_parameters(self) -> None:
        runner = self.start(
            """
            class Helper:
                pass

            class Strategy:
                def __init__(self, params):
                    self.params = params
                    self.calls = []

                async def on_init(self):
                    self.calls.append("init")

                async def on_bar(self, data):
                    return [{"side": "buy", "name": self.calls[0], "quantity": data["close"] * self.params["n"], "why": data["symbol"]}]

                def on_tick(self, data):
                    return "SELL" if data["price"] > 3 else None

                def update_params(self, params):
                    self.params = params
            """,
            n=2,
        )
        self.bars(runner, 4)
        runner.handle(b"market.X.tick", codec.encode(Tick("X", 5, sequence=1)))
        self.assertEqual(self.orders(), [("init", "buy", 4, 8), ("sell", "sell", 5, None)])
        self.assertEqual(self.outlet.signals[0]["data"], {"why": "X"})
        runner.change_params({"n": 10})
        self.bars(runner, 1)
        self.assertEqual(self.orders()[-1][3], 10)
        runner.stop()
        self.assertEqual((runner.name, runner.checkpointer, self.outlet.errors), ("Strategy", None, []))

    def test_a_class_without_parameters_and_with_something_to_remember(self) -> None:
        runner = self.start(
            """
            class Simple:
                variables = ["count"]

                def __init__(self):
                    self.count = 0

                def on_bar(self, data):
                    self.count += 1
                    self.context.signal("count", data={"count": self.count})
            """
        )
        self.bars(runner, 1, 1)
        self.assertEqual([signal["data"] for signal in self.outlet.signals], [{"count": 1}, {"count": 2}])
        self.assertIn(b'"state":{"count":2}', runner.encoded_checkpoint("stop"))
        with self.assertRaisesRegex(StrategyError, "has no update_params"):
            runner.change_params({"a": 1})

    # MARK: vn.py

    CTA = """
        from vnpy_ctastrategy import CtaTemplate, BarGenerator, ArrayManager, StopOrder, TickData, BarData, TradeData, OrderData
        from vnpy.trader.constant import Interval

        class Demo(CtaTemplate):
            size = 1
            seen = 0
            fills = 0
            parameters = ["size"]
            variables = ["seen", "fills"]

            def on_init(self):
                self.bg = BarGenerator(self.on_bar, 3, self.on_3min)
                self.load_bar(1)

            def on_bar(self, bar):
                self.bg.update_bar(bar)

            def on_3min(self, bar):
                self.seen += 1
                if self.pos == 0:
                    self.buy(bar.close_price, self.size)
                elif self.pos > 0:
                    self.sell(bar.close_price, self.pos)
                    self.short(bar.close_price, self.size)
                else:
                    self.cover(bar.close_price, -self.pos)

            def on_trade(self, trade):
                self.fills += 1
        """

    def test_a_cta_template(self) -> None:
        runner = self.start(self.CTA, size=2)
        # Three-minute bars end with minutes 2, 5, 8, 11.
        self.bars(runner, *range(1, 12))
        self.assertEqual(
            self.orders(),
            [
                ("buy", "buy", 2, 2), ("sell", "sell", 5, 2), ("short", "sell", 5, 2), ("cover", "buy", 8, 2), ("buy", "buy", 11, 2),
            ],
        )  # fmt: skip
        self.assertEqual(self.outlet.errors, [])
        self.assertIn(b'"state":{"pos":2.0,"seen":4,"fills":5}', runner.encoded_checkpoint("stop").replace(b'"pos":2,', b'"pos":2.0,'))
        self.assertEqual(runner.effective_params, {"size": 2})

    def test_the_bars_of_load_bar_trade_nothing(self) -> None:
        record = [Bar("X", 1, 1, 1, 1, sequence=n, open_time=n * MINUTE) for n in range(1, 7)]
        runner = self.start(self.CTA, record=record)
        self.assertEqual((self.orders(), self.outlet.errors), ([], []))
        self.assertIn(b'"seen":2', runner.encoded_checkpoint("start"))

    def test_what_is_refused_says_why(self) -> None:
        with self.assertRaisesRegex(WorkerFailure, "a CtaTemplate trades one symbol, not 2"):
            self.start(self.CTA, symbols=("X", "Y"))
        for line, reason in (
            ("self.buy(1, 1, stop=True)", "stop orders are refused: QuantCell emits signals"),
            ("self.load_tick(1)", "load_tick is refused: start the strategy with --warmup"),
            ("ArrayManager()", "ArrayManager is part of vn.py, which .* does not have; to install it: .* -m pip install vnpy"),
            ("self.cta_engine.get_size(self)", "get_size is refused"),
        ):
            source = f"""
                from vnpy_ctastrategy import CtaTemplate, ArrayManager

                class Demo(CtaTemplate):
                    def on_bar(self, bar):
                        {line}
                """
            self.outlet = Outlet()
            self.bars(self.start(source), 1)
            self.assertRegex(self.outlet.errors[0], reason)

    # MARK: backtrader

    def test_next(self) -> None:
        runner = self.start(
            """
            import backtrader as bt

            class Base(bt.Strategy):
                params = dict(period=2)

            class Cross(Base):
                params = (("size", 3),)

                def __init__(self):
                    self.dataclose = self.datas[0].close
                    self.done = []

                def next(self):
                    closes = self.data.close.get(size=self.p.period)
                    if len(closes) < self.params.period:
                        return
                    if closes[-1] > closes[0] and not self.position:
                        self.buy(size=self.p.size)
                    elif self.dataclose[0] < self.dataclose[-1] and self.position:
                        self.close()

                def notify_order(self, order):
                    if order.status in [order.Completed]:
                        self.done.append((order.isbuy(), order.executed.price, self.position.size))
                        assert self.done[-1][2] == (3 if order.isbuy() else 0)
            """,
            period=3,
        )
        self.bars(runner, 1, 2, 3, 4, 2, 3)
        self.assertEqual(self.orders(), [("buy", "buy", 3, 3), ("close", "sell", 2, 3)])
        self.assertEqual(self.outlet.errors, [])
        self.assertEqual(runner.effective_params, {"period": 3, "size": 3})

    def test_what_backtrader_has_and_this_has_not(self) -> None:
        for line, reason in (
            ("bt.indicators.SMA(self.data.close, period=5)", "backtrader's indicators .'SMA'. is not covered: work it out in next"),
            ("self.broker.getvalue()", "backtrader's broker .'getvalue'. is not covered"),
            ("bt.Cerebro.run()", "there is no cerebro"),
            ("bt.Nonsense", "backtrader's 'Nonsense' is not covered"),
            ("self.buy(exectype=bt.Order.Stop)", "stop orders are refused"),
        ):
            self.outlet = Outlet()
            source = f"""
                import backtrader as bt

                class Demo(bt.Strategy):
                    def next(self):
                        {line}
                """
            self.bars(self.start(source), 1)
            self.assertRegex(self.outlet.errors[0], reason)

    def test_a_file_may_have_one_strategy(self) -> None:
        source = """
            from quantcell import Strategy

            class A(Strategy):
                pass

            class B(Strategy):
                pass
            """
        with self.assertRaisesRegex(StrategyError, r"has 2 strategies \(A, B\); a file may have one"):
            self.start(source)
