"""Strategies in Python for QuantCell, and a client of its manager.

A strategy derives from `Strategy`; `quantcell start-strategy FILE.py` runs it. `Publisher` publishes market data, and `Client` asks the
manager for what the command line asks it for.
"""

from .client import Client
from .context import Context, Log
from .errors import ProtocolError, Refused, StrategyError
from .market import Bar, Depth, Event, Gap, Level, Quote, Side, Tick, Trade
from .params import Parameters
from .publisher import Publisher
from .strategy import Strategy
from .version import VERSION as __version__

__all__ = [
    "Bar", "Client", "Context", "Depth", "Event", "Gap", "Level", "Log", "Parameters", "ProtocolError", "Publisher", "Quote", "Refused",
    "Side", "Strategy", "StrategyError", "Tick", "Trade", "__version__",
]  # fmt: skip
