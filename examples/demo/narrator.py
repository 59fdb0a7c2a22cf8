"""Prints the demo: titles, commands, and what they answered."""

from __future__ import annotations

BOLD, DIM, RED, GREEN, END = "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[0m"


class Narrator:
    """Writes to standard output, in colour on a terminal only."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def title(self, number: int, text: str) -> None:
        print(f"\n{self._in(BOLD, f'Scene {number}: {text}')}")

    def say(self, text: str) -> None:
        print(self._in(DIM, text), flush=True)

    def command(self, user: str, text: str) -> None:
        print(f"\n  {self._in(DIM, f'{user}$')} {text}")

    def answer(self, text: str, *, allowed: bool) -> None:
        for line in text.rstrip().splitlines():
            print(f"  {self._in(GREEN if allowed else RED, line)}".rstrip())

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{END}" if self._colour else text
