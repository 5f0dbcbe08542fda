"""What becomes of a batch of a partner's rows: whose they are, what they are credited, and what is told of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from points_engine.methodology import Catalogue, Level
from webapp.activities.partner_acts import PartnerAct, PartnerDesk
from webapp.activities.proofs import Proof
from webapp.feeds import queries, service
from webapp.feeds.mapping import PartnerMapping
from webapp.feeds.reading import Line, Refusal, Sayings
from webapp.members.phones import PhoneBook
from webapp.store import Store, Tx

BATCH = 10_000  # rows read at a time, and at most in one transaction

Refused = tuple[int, str, str, str]
Mine = Callable[[int, int], bool]


@dataclass(slots=True)
class Tally:
    """What an import has done so far."""

    rows: int = 0
    credited: int = 0
    zero: int = 0
    pending: int = 0
    already: int = 0
    refused: int = 0
    grams: int = 0
    points: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for name in service.COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons += other.reasons

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in service.COUNTS}


@dataclass(slots=True)
class Done:
    """What became of some rows: the tally, and each row worth nothing with its reason."""

    tally: Tally = field(default_factory=Tally)
    refused: list[Refused] = field(default_factory=list)

    def leave_out(self, status: str, line: int, event: str, reason: str, name: str) -> None:
        setattr(self.tally, status, getattr(self.tally, status) + 1)
        self.tally.reasons[reason] += 1
        self.refused.append((line, event, reason, name))

    def add(self, other: Done) -> None:
        self.tally.add(other.tally)
        self.refused += other.refused


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be imported and everything it needs; `workers` above 1 are processes that post side by side."""

    path: Path
    mapping: PartnerMapping
    catalogue: Catalogue
    book: PhoneBook
    now: Callable[[], datetime]
    dry_run: bool = False
    actor_id: int | None = None
    batch: int = BATCH
    workers: int = 1
    own_process: bool = False  # nobody else's work is in this process; only then are there workers

    @property
    def proof(self) -> Proof:
        """The partner's word for what its rows tell."""
        return Proof("feed", Level.PARTNER, source=self.mapping.source)


class Poster:
    """Posts each batch in a transaction of its own; takes events to be new unless the batch before held one that was not."""

    def __init__(self, store: Store, job: Job) -> None:
        self._store, self._job = store, job
        self._desk = PartnerDesk(job.catalogue, job.proof)
        self._trusting = True

    def post(self, acts: list[PartnerAct], lines: list[int], done: Done) -> Done:
        """One durable batch, added to what of it is `done`; whoever was faster with an event or a member runs it again, carefully."""
        trusting = self._trusting

        def credit(tx: Tx) -> Done:
            nonlocal trusting
            trusted, trusting = trusting, False
            return log(tx, self._desk, acts, lines, self._job.now(), trusting=trusted)

        if acts:
            made = self._store.retrying(credit)
            self._trusting = not made.tally.already
            done.add(made)
        return done


def find_members(
    tx: Tx, job: Job, says: Sayings, batch: Sequence[Line], mine: Mine | None = None
) -> tuple[Done, list[PartnerAct], list[int]]:
    """The acts of a batch with the lines they stand on; what tells no act, or is nobody's, is done with.

    With `mine` only of the rows of which it says so, by their line and their member (0: nobody's).
    """
    m = job.mapping
    accounts = [says.account(cells) for _, cells in batch]
    members = queries.members_of(tx, job.book, m.source, m.member_by, set(accounts) - {""})
    done = Done()
    acts: list[PartnerAct] = []
    lines: list[int] = []
    for (line, cells), account in zip(batch, accounts, strict=True):
        member = members.get(account)
        if mine is not None and not mine(line, member or 0):
            continue
        done.tally.rows += 1
        each = says.read(cells)
        if isinstance(each, Refusal):
            done.leave_out("refused", line, each.event, each.reason, each.field)
            continue
        natural, _, behaviour, quantity, inputs, at = each
        if member is None:
            done.leave_out("refused", line, natural, "unknown_member", m.member)
            continue
        acts.append(PartnerAct(member, natural, behaviour, quantity, inputs, at))
        lines.append(line)
    return done, acts, lines


def log(
    tx: Tx, desk: PartnerDesk, acts: list[PartnerAct], lines: list[int], now: datetime, *, trusting: bool = False
) -> Done:
    """Credit a batch in `tx`."""
    done = Done()
    credited = grams = points = 0
    for place, outcome in enumerate(desk.log(tx, acts, now, trusting=trusting)):
        if outcome.status == "credited":
            credited += 1
            grams += outcome.grams
            points += outcome.points
        else:
            done.leave_out(outcome.status, lines[place], acts[place].natural, outcome.reason, outcome.field)
    done.tally.credited, done.tally.grams, done.tally.points = credited, grams, points
    return done
