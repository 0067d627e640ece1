"""Errors that somebody outside the product caused: they say what, where, and what to do."""


class LoyaltyError(Exception):
    """Base of every error that this product raises on purpose.

    Attributes:
        what: One clause without a full stop; never holds card data.
        where: The place a reader can go to: ``DE 4 at byte 30``, ``programme.toml: earn[2]``.
        hint: What to do about it, in the imperative; may be empty.
    """

    def __init__(self, what: str, *, where: str, hint: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.hint})" if self.hint else "")


class Problems(LoyaltyError):  # noqa: N818  (it is many)
    """All that is wrong with a file or a folder, told at once."""

    def __init__(self, problems: list[LoyaltyError], *, where: str) -> None:
        assert problems
        super().__init__(f"{len(problems)} problem(s)", where=where, hint="mend each of them")
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
