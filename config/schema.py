"""Every knob of a deployment on one page: unit and reason beside each. Values only; nothing is opened here.

``puntual.toml`` holds the same knobs with the same defaults. Paths are relative to the folder of that file.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final


@dataclass(frozen=True, slots=True)
class Between:
    """The limits of a number, both included."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class OneOf:
    """The choices of a text."""

    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """A table of texts, with any keys."""


@dataclass(frozen=True, slots=True)
class Digits:
    """A number of an ISO 8583 element, given as digits and filled with zeros to *width*."""

    width: int


Port = Annotated[int, Between(0, 65_535)]  # 0: the system picks one


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """One TCP address on which terminals or acquirers speak ISO 8583, and how they speak it."""

    # Loopback by default: whoever opens the switch to a network does so knowingly.
    host: str = "127.0.0.1"
    port: Port = 8583
    framing: str = "bin2"
    # A name, or a file of your own that ends in .toml.
    dialect: str = "iso87-ascii"
    profile: str = "retail87"
    # DE 39 other than the profile's, by the name of the reason: { CARD_UNKNOWN = "56" }.
    codes: Annotated[dict[str, str], Texts()] = field(default_factory=dict)
    # Stands for an absent DE 32. Empty: the register finds the terminal by DE 41 alone, if there is only one.
    acquirer: Annotated[str, Digits(11)] = ""
    # ``own``: a cut-over message of this address opens the next business day. Else the clock alone does.
    business_day: Annotated[str, OneOf(("clock", "own"))] = "clock"
    # Holds the key of the link's MACs, 32 to 64 hexadecimal digits, mode 0400. Empty: messages carry none.
    mac_key_file: str = ""
    mac: Annotated[str, OneOf(("retail", "cbc", "aes-cmac", "tdes-cmac"))] = "retail"
    # Which key: the one of the file, or one for each message derived from it (DUKPT).
    mac_scheme: Annotated[str, OneOf(("fixed", "tdes-dukpt", "aes-dukpt"))] = "fixed"
    # Holds the key of the link's PIN blocks. Empty: nobody asks for a PIN here; DE 52 is thrown away unread.
    pin_key_file: str = ""
    pin_block: Annotated[str, OneOf(("0", "1", "3", "4"))] = "0"
    pin_scheme: Annotated[str, OneOf(("fixed", "tdes-dukpt", "aes-dukpt"))] = "fixed"
    # Where a message names its DUKPT key: an element, or a tag of DE 48 as 48.070.
    ksn: str = "53"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where the books are."""

    # One SQLite file per switch; the lock and the control socket lie beside it.
    url: str = "sqlite:///puntual.db"
    # Numbers and hashes of blocks, on another disk or machine than the books. With it an older copy of the
    # books, or one whose end was cut off, is refused. Empty: nobody would notice.
    anchor: str = ""
    # Holds the key under which blocks are hashed, 64 hexadecimal digits, mode 0400; or an environment
    # variable that has them. Who can write the file cannot write a new chain then. Empty: it has no key.
    chain_key_file: str = ""
    chain_key_env: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSettings:
    """How cards are recognised without being stored."""

    # 64 hexadecimal digits, readable by its owner alone. Without it no card is found again: keep a copy.
    key_file: Path = Path("card.key")
    # Holds the key under which PINs are recognised, 32 hexadecimal digits. Empty: no card can have a PIN.
    pin_key_file: str = ""
    # Which of a set of such keys it is: one digit that is mixed in.
    pin_key_index: Annotated[int, Between(0, 9)] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionSettings:
    """What a person may correct in the books."""

    # Points. Above it a correction needs a second person who checked it.
    checker_above: Annotated[int, Between(0, 10**12)] = 10_000
    # An adjustment that takes more than there is: refused, or the rest is owed.
    shortfall: Annotated[str, OneOf(("refuse", "debt"))] = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterSettings:
    """The feed of decided transactions to analytics."""

    kind: Annotated[str, OneOf(("off", "jsonl", "mqtt"))] = "off"
    path: Path = Path("transactions.jsonl")  # of kind jsonl
    host: str = "127.0.0.1"  # of kind mqtt, as the rest
    port: Port = 1883
    topic: str = "puntual/transactions"
    # Name of the client at the broker: two switches at one broker need two.
    client_id: str = "puntual-exporter"
    username: str = ""
    # Holds the password of *username*; empty: none.
    password_file: str = ""
    # What was acknowledged so far. Remove it and the feed starts again from the first transaction.
    cursor: Path = Path("exporter.cursor")
    # Records. About 400 bytes each: a message stays below 128 KiB, the smallest limit of hosted brokers.
    batch_size_max: Annotated[int, Between(1, 10_000)] = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsSettings:
    """What the switch takes on before it lets peers wait."""

    # Terminals that keep their connection open; each costs about 30 KiB and a file descriptor.
    connections_max: Annotated[int, Between(1, 1_000_000)] = 20_000
    # Concentrators send many terminals from one address; a single hostile address must not fill the house.
    connections_per_address_max: Annotated[int, Between(1, 1_000_000)] = 2_000
    # Seconds from the first byte of a frame to its last. Slower than any modem, faster than a slow-loris.
    frame_timeout_s: Annotated[int, Between(1, 600)] = 5
    # Seconds without a byte after which a connection is closed. Tills that stay connected send keep-alives.
    idle_timeout_s: Annotated[int, Between(1, 86_400)] = 300
    # Bytes after the length. The largest basket of DE 63 and 120-123 needs about 5,500.
    frame_size_max: Annotated[int, Between(64, 65_535)] = 8_192
    # Messages of one connection in work; the rest stays unread in the network until some are answered.
    in_work_max: Annotated[int, Between(1, 65_536)] = 64
    # Seconds from the last byte of a request to the start of its commit. Tills give up after 15.
    deadline_s: Annotated[int, Between(1, 300)] = 10
    # Transactions of one commit. More gains nothing once the disk's flush is shared by so many.
    batch_size_max: Annotated[int, Between(1, 4_096)] = 256
    # Transactions waiting for all connections together; about half a second of full load.
    queue_depth_max: Annotated[int, Between(1, 1_000_000)] = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSettings:
    """How the programme may be changed."""

    # true: a version that was never in force needs the word of a second person, also when its files change.
    four_eyes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The log, on standard error."""

    level: Annotated[str, OneOf(("debug", "info", "warning", "error"))] = "info"
    # ``auto``: text on a terminal, JSON lines elsewhere.
    format: Annotated[str, OneOf(("auto", "text", "json"))] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Health, readiness and metrics. They name no card, but nobody outside needs them: loopback."""

    host: str = "127.0.0.1"
    port: Port = 8580


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``puntual.toml``. *folder* is where it lies; every path is resolved against it."""

    folder: Path
    listener: tuple[ListenerSettings, ...] = (ListenerSettings(),)
    store: StoreSettings = field(default_factory=StoreSettings)
    cards: CardSettings = field(default_factory=CardSettings)
    corrections: CorrectionSettings = field(default_factory=CorrectionSettings)
    exporter: ExporterSettings = field(default_factory=ExporterSettings)
    limits: LimitsSettings = field(default_factory=LimitsSettings)
    rules: RulesSettings = field(default_factory=RulesSettings)
    log: LogSettings = field(default_factory=LogSettings)
    http: HttpSettings = field(default_factory=HttpSettings)

    def path(self, name: Path | str) -> Path:
        """*name* of these settings as a path that can be opened from anywhere."""
        return self.folder / name

    @property
    def database(self) -> Path:
        """The file of the SQLite database."""
        assert self.store.url.startswith(SQLITE)
        return self.folder / self.store.url.removeprefix(SQLITE)

    @property
    def programme(self) -> Path:
        """The programme; its campaigns lie in ``campaigns/`` beside it."""
        return self.folder / "programme.toml"

    @property
    def terminals(self) -> Path:
        """The register of terminals."""
        return self.folder / "terminals.csv"

    @property
    def lock(self) -> Path:
        """The lock that the one process that writes holds."""
        return self.folder / "puntual.lock"

    @property
    def socket(self) -> Path:
        """Where a running switch takes commands."""
        return self.folder / "puntual.sock"


SQLITE: Final = "sqlite:///"  # sqlite:///name is relative to the folder, sqlite:////name absolute
SETTINGS_FILE: Final = "puntual.toml"
