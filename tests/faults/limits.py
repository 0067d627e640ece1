"""Two hundred tills at once against limits that are nearly used up: they hold to the last point.

    python -m tests.faults.limits --rounds 100 --seed 7

In each round 200 sockets send a redemption and a sale at the same moment: the redemptions against one card,
the sales against two budgets of a campaign (points, and money off prices), a limit of everybody and a limit
of each member. Then some of the sales are taken back while 200 others come, and 200 more follow; before these
the switch is sometimes killed and started again. What tills were told must add up to the limits exactly, and
the books must verify.
"""

import argparse
import itertools
import random
import sqlite3
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ledger.account import AccountKind, account
from switch.audit import verify
from tests.conformance import baskets
from tests.conformance.cards import number
from tests.conformance.deployment import ACQUIRER, MERCHANT, Deployment, Switch
from tests.conformance.till import Answer, Link, Message, Till, frame, original

SOCKETS: Final = 200
MEMBERS: Final = 10  # of a round, beside the one who redeems
BUDGET: Final = 777
BUDGET_OFF: Final = 77  # minor units
FOR_ALL: Final = 555
FOR_EACH: Final = 20
BALANCE: Final = 137
TAKEN_BACK: Final = 60
RESTART_EVERY: Final = 10  # rounds

_RULES: Final = f"""
[[rule]]
id = "all"
text = "10 points, as long as there are some"
when = {{ ticket = {{ below = "2.00" }} }}
then = {{ points = 10 }}
cap = {{ points = {FOR_ALL}, per = "lifetime", scope = "cashier" }}

[[rule]]
id = "each"
text = "3 points, as long as the member may have some"
when = {{ ticket = {{ below = "2.00" }} }}
then = {{ points = 3 }}
cap = {{ points = {FOR_EACH}, per = "lifetime" }}
"""
_CAMPAIGN: Final = """
[campaign]
id = "round-{round}"
text = "Round {round}"
nature = "points"
category = "proof"
state = "active"
period = {{ from = 2020-01-01 }}
audience = {{ cashier = "{round}" }}
goal = "be exact"
budget_points = {budget}
budget_discounts = "{off}"

[[rule]]
id = "off-{round}"
text = "A cent of the budget"
then = {{ discount_amount = "0.01" }}

[[rule]]
id = "bonus-{round}"
text = "10 points of the budget"
then = {{ points = 10 }}
"""


@dataclass(slots=True)
class Report:
    """What the rounds showed."""

    rounds: int = 0
    told: int = 0
    restarts: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.rounds} rounds over {SOCKETS} sockets, {self.told} answers, {self.restarts} kills"]
        lines += [f"WRONG: {what}" for what in self.wrong]
        return "\n".join(lines if self.wrong else [*lines, "exact"])


class Proof:
    """A deployment with limits of its own for each of *rounds*."""

    def __init__(self, folder: Path, rounds: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._deployment = Deployment(folder)
        stans = itertools.count(1)
        names = [f"L{at:07}" for at in range(SOCKETS)]
        self._tills = [Till(name, stans) for name in names]
        self._links: list[Link] = []
        self._rounds = rounds
        self.report = Report()
        lines = [f"{name},{MERCHANT},{ACQUIRER},5411,retail87" for name in names]
        header = "terminal,merchant,acquirer,mcc,profile"
        (folder / "terminals.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")
        programme = folder / "programme.toml"
        programme.write_text(programme.read_text(encoding="utf-8") + _RULES, encoding="utf-8")
        (folder / "campaigns").mkdir(exist_ok=True)
        for at in range(rounds):
            text = _CAMPAIGN.format(round=at, budget=BUDGET, off=f"0.{BUDGET_OFF}")
            (folder / "campaigns" / f"round-{at}.toml").write_text(text, encoding="utf-8")
        cards = [number(serial) for serial in range(1, rounds * (MEMBERS + 1) + 1)]
        done = self._deployment.import_cards("card,member\n" + "".join(f"{card},M{card}\n" for card in cards))
        assert done.returncode == 0, done.stderr
        self._cards = cards

    def run(self) -> Report:
        """All rounds, and what the books say in the end."""
        switch = self._start()
        for at in range(self._rounds):
            spender, *members = self._cards[at * (MEMBERS + 1) : (at + 1) * (MEMBERS + 1)]
            self._race(at, spender, members)
            told = self._take_back_while_others_come(at, members)
            if at % RESTART_EVERY == RESTART_EVERY - 1 or at == self._rounds - 1:
                self._stop(switch)
                switch = self._start()
                self.report.restarts += 1
            answers = self._ask([self._sale(till, at, members) for till in self._tills])
            told += self._sum(answers)
            self._check(at, "all that stands", self._earned + told, self._should_stand)
            self._check(at, "all that stays off", self._off + _off(answers), BUDGET_OFF)
            self.report.rounds += 1
        self._stop(switch)
        database = self._deployment.folder / "puntual.db"
        self.report.wrong += [str(finding) for finding in verify(database)]
        self.report.wrong += _left_in_budgets(database)
        return self.report

    def _race(self, at: int, spender: str, members: list[str]) -> None:
        """A redemption and a sale on each socket, all of them on their way at once."""
        first = self._tills[0].message("earn", card=spender, amount=BALANCE * 100)
        had = self._ask([first])[0].figure("052")
        asked: list[Message] = []
        for till in self._tills:
            asked.append(till.message("redeem", card=spender, amount=1))
            asked.append(self._sale(till, at, members))
        answers = self._ask(asked)
        self._check(at, "points in hand", had, BALANCE)
        paid = [answer for answer in answers[::2] if answer.code == "00"]
        self._check(at, "points paid", self._used(paid), BALANCE)
        short = [answer for answer in answers[::2] if answer.code == "51"]
        self._check(at, "refused", len(short), SOCKETS - BALANCE)
        self._earned = self._sum(answers[1::2])
        bonus = BUDGET + FOR_ALL + FOR_EACH * MEMBERS
        self._check(at, "points earned", self._earned, SOCKETS + bonus)
        self._sold = list(zip(asked[1::2], answers[1::2], strict=True))
        self._should_stand = 3 * SOCKETS - TAKEN_BACK + bonus
        self._off = _off(answers[1::2])
        self._check(at, "taken off", self._off, BUDGET_OFF)

    def _take_back_while_others_come(self, at: int, members: list[str]) -> int:
        """What was earned by new sales, less what was taken back of others meanwhile."""
        asked = [self._sale(till, at, members) for till in self._tills]
        for sale, answer in self._random.sample(self._sold, TAKEN_BACK):
            self._off -= _off([answer])
            till = next(till for till in self._tills if till.terminal_id == sale.elements[41].rstrip())
            elements = {90: original(sale)}
            back = till.message("reverse", card=sale.elements[2], elements=elements)
            asked.insert(self._random.randrange(len(asked) + 1), back)
        answers = self._ask(asked)
        self._off += _off(answers)
        return self._sum(answers)

    def _sale(self, till: Till, at: int, members: list[str]) -> Message:
        card = self._random.choice(members)
        own = [("030", str(at)), ("040", "D")]
        return till.message("earn", card=card, amount=101, values=own, elements=baskets.elements("tea:101"))

    def _ask(self, messages: list[Message]) -> list[Answer]:
        """Send each on its till's socket before any answer is read."""
        links = {till.terminal_id: link for till, link in zip(self._tills, self._links, strict=True)}
        ways = [links[message.elements[41].rstrip()] for message in messages]
        for link, message in zip(ways, messages, strict=True):
            link.send(frame(message.encode()))
        answers = [Answer.decode(link.receive()) for link in ways]
        self.report.told += len(answers)
        for message, answer in zip(messages, answers, strict=True):
            if answer.element(11) != message.elements[11]:
                self.report.wrong.append(f"the answer to {message.elements[11]} is another one")
        return answers

    @staticmethod
    def _sum(answers: list[Answer]) -> int:
        return sum(answer.figure("050") for answer in answers)

    @staticmethod
    def _used(answers: list[Answer]) -> int:
        return sum(answer.figure("051") for answer in answers)

    def _check(self, at: int, what: str, found: int, wanted: int) -> None:
        if found != wanted:
            self.report.wrong.append(f"round {at}, {what}: {found} and not {wanted}")

    def _start(self) -> Switch:
        switch = self._deployment.serve()
        self._links = [Link(switch.iso8583, timeout_s=30) for _ in self._tills]
        return switch

    def _stop(self, switch: Switch) -> None:
        for link in self._links:
            link.close()
        with switch:
            switch.kill()


def _off(answers: list[Answer]) -> int:
    """What sales told that is taken off their prices, in minor units."""
    return sum(answer.figure("056") for answer in answers if answer.message.mti == "0210")


def _left_in_budgets(database: Path) -> list[str]:
    """Budgets that hold something: every one of them was used up."""
    low, high = account(AccountKind.BUDGET), account(AccountKind.AVAILABLE)
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as books:
        rows = books.execute(
            "SELECT account, sum(points) FROM ("
            " SELECT credit AS account, points FROM posting UNION ALL SELECT debit, -points FROM posting"
            ") WHERE account >= ? AND account < ? GROUP BY account HAVING sum(points) <> 0",
            (low, high),
        ).fetchall()
    return [f"budget {number} holds {points}" for number, points in rows]


def prove(folder: Path, *, rounds: int, seed: int) -> Report:
    """Run *rounds* on a new deployment in *folder*."""
    return Proof(folder, rounds, seed).run()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="200 tills at once against limits nearly used up.")
    parser.add_argument("--rounds", type=int, default=100, help="of 860 messages each (default 100)")
    parser.add_argument("--seed", type=int, default=None, help="of who sends what (default: random)")
    parser.add_argument("--folder", type=Path, help="keep the deployment here, to look at it")
    wishes = parser.parse_args()
    seed = random.SystemRandom().getrandbits(32) if wishes.seed is None else wishes.seed
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = wishes.folder or Path(temporary) / "puntual"
        report = prove(folder, rounds=wishes.rounds, seed=seed)
    sys.stdout.write(f"{report}\n")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
