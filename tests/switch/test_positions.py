"""What is owed adds up: month by month and funder by funder, whatever was done and undone."""

from pathlib import Path

from ledger.account import AccountKind
from loyalty.card import CardId, Token
from rules.parse import MAIN, parse_programme
from switch.block import Enrolment, ProgrammeEntry
from switch.database import open_for_reading
from switch.positions import positions
from switch.queries import totals
from tests.switch.books import commit, open_store
from tests.switch.story import Story, starter_text

TEXT = (
    starter_text().replace('last = "2 years"', 'last = "20 days"')
    + """
[[partner]]
id = "A"
text = "A"
funds = true
"""
)
EVERYTHING = """
    s: EARN card=A amount=10000 partner=A ->
    EARN card=A amount=3000 ->
    EARN card=B amount=500 ->
    r: REDEEM card=A amount=60 ->
    h: HOLD card=A amount=9 pays=1 ->
    e: EXCHANGE card=A amount=8 ->
    PAY_CERTIFICATE card=B amount=3 cert=e ->
    t: TRANSFER card=A to=B amount=20 ->
    REDEEM card=B amount=15 ->
    REVERSAL of=t -> used=20                           # B owes what he spent of it
    REFUND card=A of=s amount=5000 ->
    EARN card=C amount=700 ->
    REVERSAL of=r final=10 later=25 -> used=None       # the rest expires again
    REVERSAL of=h -> used=None
    REVERSAL of=e ->
    REDEEM* card=C amount=4 ->                         # nobody has it
    EARN card=B amount=2500 ->
"""


async def test_every_cohort_adds_up(tmp_path: Path) -> None:
    """Outstanding is issued, less redeemed, exchanged and expired, and adjusted; so it is by programme."""
    story = Story(parse_programme({MAIN: TEXT}))
    story.play(EVERYTHING)
    story.commit()
    store = await open_store(tmp_path)
    version = story.programmes.current.version
    entry = ProgrammeEntry(number=1, since=story.now, version=version, text=story.programmes.current.text)
    cards = [story.store.cards_by_id[CardId(ord(letter))] for letter in "ABC"]
    enrolments = tuple(Enrolment(card=card, token=Token(bytes([card.card_id]) * 16)) for card in cards)
    await commit(store, *story.store.outcomes.values(), enrolments=enrolments, programmes=(entry,))
    await store.close()
    books = open_for_reading(tmp_path / "puntual.db")
    value = story.programmes.current.redemption.value
    found, own = positions(books, value), positions(books, value, "")
    held = totals(books).points
    books.close()
    assert found.cohorts == own.cohorts
    assert {each.funder for each in found.cohorts} == {"", "A"}
    for each in found.cohorts:
        spent = each.redeemed + each.exchanged + each.expired
        assert each.outstanding == each.issued - spent + each.adjusted
        assert each.value_minor == each.outstanding  # a point is worth a cent
    kinds = (AccountKind.AVAILABLE, AccountKind.PENDING, AccountKind.HELD)
    assert sum(each.outstanding for each in found.cohorts) == sum(held.get(kind, 0) for kind in kinds)
    assert found.debt == -held[AccountKind.DEBT]
    assert sum(each.adjusted for each in found.cohorts) == 10  # what B had spent
