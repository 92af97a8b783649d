"""From a file to the strategy's class."""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
from pathlib import Path

from quantcell import StrategyError
from quantcell.worker.loader import MODULE, load


class LoaderTests(unittest.TestCase):
    def setUp(self) -> None:
        path = list(sys.path)
        self.addCleanup(lambda: sys.path.__setitem__(slice(None), path))
        self.addCleanup(lambda: sys.modules.pop(MODULE, None))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, source: str) -> str:
        path = self.folder / "mine.py"
        path.write_text(source)
        # As if all of it had been written within one second.
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return str(path)

    def test_what_is_in_the_file_counts_also_where_time_and_size_are_the_same(self) -> None:
        source = "from quantcell import Strategy\nclass Mine(Strategy):\n    params = {'limit': %d}\n"
        for limit in (1, 2):
            self.assertEqual(load(self.write(source % limit)).params, {"limit": limit})

    def test_nothing_is_left_beside_it(self) -> None:
        load(self.write("from quantcell import Strategy\nclass Mine(Strategy): pass\n"))
        self.assertEqual(os.listdir(self.folder), ["mine.py"])

    def test_what_is_wrong_is_said_with_its_line(self) -> None:
        with self.assertRaisesRegex(StrategyError, 'mine.py", line 2'):
            load(self.write("\nclass A(:\n"))
        with self.assertRaisesRegex(StrategyError, "ZeroDivisionError.*\n.*\n.*mine.py\", line 3"):
            load(self.write("def f():\n    return 1 / 0\nf()\n"))
        with self.assertRaisesRegex(StrategyError, "has 2 strategies \\(A, B\\)"):
            load(self.write("from quantcell import Strategy\nclass A(Strategy): pass\nclass B(Strategy): pass\n"))
        with self.assertRaisesRegex(StrategyError, "gone.py cannot be loaded: FileNotFoundError"):
            load(str(self.folder / "gone.py"))

    def test_its_lines_are_known_to_whoever_looks_for_them(self) -> None:
        path = self.write("from quantcell import Strategy\nclass Mine(Strategy): pass\n")
        load(path)
        self.assertEqual(sys.modules[MODULE].__file__, path)


if __name__ == "__main__":
    unittest.main()
