"""Parameters and states."""

from __future__ import annotations

import collections
import datetime
import enum
import json
import math
import unittest
from dataclasses import dataclass, field
from typing import Any, Deque, Dict, List, Optional

from quantcell import Strategy, StrategyError, strategy
from quantcell.params import overlay, values
from quantcell.state import decode, encode


@dataclass
class Inner:
    closes: List[float] = field(default_factory=list)
    last: Optional[float] = None


@dataclass
class Outer:
    markets: Dict[str, Inner] = field(default_factory=dict)
    window: Deque[int] = field(default_factory=collections.deque)
    added: int = 7


@dataclass
class Loose:
    last: Optional[float] = None
    inner: Optional[Inner] = None
    all: Dict[str, Optional[Inner]] = field(default_factory=dict)


@dataclass
class Strict:
    count: int
    last: float
    inner: Inner


class Side(str, enum.Enum):
    BUY = "buy"


@dataclass(frozen=True)
class Settings:
    fast: int = 10
    rate: float = 0.5
    name: str = "x"
    on: bool = True


class StateTests(unittest.TestCase):
    def there_and_back(self, value: Any, hint: Any = Any) -> None:
        text = json.dumps(encode(value, hint), allow_nan=False)
        self.assertEqual(repr(decode(json.loads(text), hint)), repr(value))

    def test_nothing_is_changed_on_the_way(self) -> None:
        self.there_and_back({"a": [1, 2.5, None, True, "x"], "b": {"c": (1, (2,))}, "$d": 1})
        self.there_and_back({1: "a", (1, 2): "b"})
        self.there_and_back([math.inf, -math.inf, 2**70, {3}, collections.deque([1, 2], 5)])
        self.there_and_back(datetime.datetime(2025, 1, 15, tzinfo=datetime.timezone.utc))
        self.assertTrue(math.isnan(decode(encode(math.nan))))

    def test_dataclasses_by_their_annotations(self) -> None:
        value = Outer({"X": Inner([1.0, 2.0], 3.0)}, collections.deque([1], 4))
        self.assertEqual(encode(value, Outer)["markets"], {"X": {"closes": [1.0, 2.0], "last": 3.0}})
        self.there_and_back(value, Outer)
        # A new member with a default, and one that is gone, fit an old state.
        self.assertEqual(decode({"markets": {}, "window": [], "old": 1}, Outer).added, 7)

    def test_what_could_not_be_brought_back_is_refused(self) -> None:
        for value, reason in (
            (object(), "holds a builtins.object at 'state'"),
            ({"a": [Inner()]}, "holds a Inner at 'state.a[0]', and no annotation says so"),
            ({"f": len}, "at 'state.f'"),
            ({"side": Side.BUY}, "holds a tests.test_values.Side at 'state.side'"),
        ):
            with self.assertRaisesRegex(StrategyError, reason.replace("[", r"\[")):
                encode(value)
        deep: List[Any] = []
        for _ in range(100):
            deep = [deep]
        with self.assertRaisesRegex(StrategyError, "nests deeper than 56 levels"):
            encode(deep)

    def test_what_may_be_missing_comes_back_missing(self) -> None:
        # An average, say, that takes some bars before there is one; and a process that dies in between.
        for value in (Loose(), Loose(1.5, Inner([2.0])), Loose(None, None, {"X": None, "Y": Inner()})):
            text = json.dumps(encode(value, Loose), allow_nan=False)
            self.assertNotIn("$", text)
            self.assertEqual(decode(json.loads(text), Loose), value)

    def test_what_is_not_what_its_annotation_says_comes_back_as_it_is(self) -> None:
        for count, last, inner in ((None, None, None), (0.5, "x", {"a": 1}), (True, 3, [Loose.__name__]), (math.inf, 1 << 70, 5)):
            value = Strict(count, last, inner)  # type: ignore[arg-type]
            found = decode(json.loads(json.dumps(encode(value, Strict), allow_nan=False)), Strict)
            self.assertEqual(found, value)
            self.assertEqual([type(found.count), type(found.inner)], [type(count), type(inner)])
        # While what another version of the strategy has saved must fit.
        for saved in ({"count": None}, {"count": "3"}, {"inner": None}, {"inner": 5}):
            with self.assertRaisesRegex(StrategyError, "is expected"):
                decode({"count": 1, "last": 1.0, "inner": {"closes": []}, **saved}, Strict)

    def test_a_set_is_saved_in_one_order(self) -> None:
        self.assertEqual(encode({"b", "a", "c"}), encode({"c", "b", "a"}))

    def test_variables(self) -> None:
        class Named(Strategy):
            variables = ["count", "later"]

            def __init__(self) -> None:
                self.count = 0

        one, other = strategy.make(Named, {}), strategy.make(Named, {})
        one.count = 5  # type: ignore[attr-defined]
        strategy.load(other, json.loads(json.dumps(strategy.save(one))))
        self.assertEqual((other.count, other.later), (5, None))  # type: ignore[attr-defined]

    def test_instances_share_no_state(self) -> None:
        class Kept(Strategy):
            state = {"closes": []}

        one, other = strategy.make(Kept, {}), strategy.make(Kept, {})
        one.state["closes"].append(1)
        self.assertEqual((other.state, Kept.state), ({"closes": []}, {"closes": []}))
        self.assertTrue(strategy.has_state(one))
        self.assertFalse(strategy.has_state(strategy.make(Strategy, {})))


class ParameterTests(unittest.TestCase):
    def test_what_is_given_is_laid_over_the_defaults(self) -> None:
        changed = overlay({"fast": 10, "deep": {"a": 1, "b": 2.0}}, {"fast": 3.0, "deep": {"b": 5}})
        self.assertEqual(values(changed), {"fast": 3, "deep": {"a": 1, "b": 5.0}})
        self.assertEqual(changed.fast, 3)
        self.assertEqual(overlay(Settings(), {"rate": 2}), Settings(rate=2.0))

    def test_wrong_ones_are_refused(self) -> None:
        for given, reason in (
            ({"fst": 1}, "has no parameter 'fst'; did you mean 'fast'"),
            ({"fast": 1.5}, "'fast' must be a whole number, not 1.5"),
            ({"fast": True}, "'fast' must be a whole number"),
            ({"rate": "x"}, "'rate' must be a number"),
            ({"on": 1}, "'on' must be true or false"),
            ({"name": 1}, "'name' must be text"),
        ):
            with self.assertRaisesRegex(StrategyError, reason):
                overlay(Settings(), given)
        with self.assertRaisesRegex(AttributeError, "there is no parameter 'slow'; there are fast"):
            overlay({"fast": 1}, {}).slow
