"""What vn.py's strategies derive from, where vn.py itself is not installed."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from .values import Direction, Interval, Offset

#: What vn.py has among the variables and nobody wants back.
NOT_SAVED = ("inited", "trading")


class CtaTemplate:
    """Callbacks to write, and calls that go on to the engine."""

    author = ""
    parameters: List[str] = []
    variables: List[str] = []

    def __init__(self, cta_engine: Any, strategy_name: str, vt_symbol: str, setting: Dict[str, Any]) -> None:
        self.cta_engine = cta_engine
        self.strategy_name = strategy_name
        self.vt_symbol = vt_symbol
        self.inited = False
        self.trading = False
        self.pos: float = 0
        self.variables = [*NOT_SAVED, "pos", *type(self).variables]
        self.update_setting(setting)

    def update_setting(self, setting: Dict[str, Any]) -> None:
        """Takes parameters over."""
        for name in self.parameters:
            if name in setting:
                setattr(self, name, setting[name])

    def on_init(self) -> None:
        """Called first."""

    def on_start(self) -> None:
        """Called before the first data that counts."""

    def on_stop(self) -> None:
        """Called last."""

    def on_tick(self, tick: Any) -> None:
        """Called for each tick."""

    def on_bar(self, bar: Any) -> None:
        """Called for each bar."""

    def on_trade(self, trade: Any) -> None:
        """Called for each fill."""

    def on_order(self, order: Any) -> None:
        """Not called here."""

    def on_stop_order(self, stop_order: Any) -> None:
        """Not called here."""

    def buy(self, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False) -> List[str]:
        """Opens a long position."""
        return self.send_order(Direction.LONG, Offset.OPEN, price, volume, stop, lock, net)

    def sell(self, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False) -> List[str]:
        """Closes a long position."""
        return self.send_order(Direction.SHORT, Offset.CLOSE, price, volume, stop, lock, net)

    def short(self, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False) -> List[str]:
        """Opens a short position."""
        return self.send_order(Direction.SHORT, Offset.OPEN, price, volume, stop, lock, net)

    def cover(self, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False) -> List[str]:
        """Closes a short position."""
        return self.send_order(Direction.LONG, Offset.CLOSE, price, volume, stop, lock, net)

    def send_order(
        self, direction: Any, offset: Any, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False
    ) -> List[str]:
        """Sends an order, if the strategy trades already."""
        if not self.trading:
            return []
        found: List[str] = self.cta_engine.send_order(self, direction, offset, price, volume, stop, lock, net)
        return found

    def cancel_order(self, vt_orderid: str) -> None:
        """Does nothing: no order is ever open here."""

    def cancel_all(self) -> None:
        """Does nothing: no order is ever open here."""

    def write_log(self, msg: str) -> None:
        """Writes to the worker's log."""
        self.cta_engine.write_log(msg, self)

    def get_engine_type(self) -> Any:
        """It is live."""
        return self.cta_engine.get_engine_type()

    def load_bar(
        self, days: int, interval: Any = Interval.MINUTE, callback: Optional[Callable[[Any], None]] = None, use_database: bool = False
    ) -> None:
        """Shows the bars of the last days, by the record."""
        for bar in self.cta_engine.load_bar(self.vt_symbol, days, interval, callback or self.on_bar, use_database):
            (callback or self.on_bar)(bar)

    def load_tick(self, days: int) -> None:
        """Is refused."""
        self.cta_engine.load_tick(self.vt_symbol, days, self.on_tick)

    def put_event(self) -> None:
        """Does nothing: there is no window to show it in."""

    def send_email(self, msg: str) -> None:
        """Writes to the worker's log."""
        self.write_log(f"(mail) {msg}")

    def sync_data(self) -> None:
        """Does nothing: the variables are saved by themselves."""
