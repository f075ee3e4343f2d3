"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = (
    "state IN ('draft', 'accepted', 'under_way', 'waiting', 'available', 'handed_over', 'confirmed', 'rejected',"
    " 'held', 'withdrawn', 'expired')"
)
DUE = "(state IN ('accepted', 'waiting')) IS TRUE"
LEASED = "(state = 'under_way') IS TRUE"
AVAILABLE = "(state = 'available') IS TRUE"
OVER = "erased_at IS NULL AND state IN ('handed_over', 'confirmed', 'rejected', 'withdrawn', 'expired')"
APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER journal_never_changed BEFORE UPDATE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
        "CREATE TRIGGER journal_never_deleted BEFORE DELETE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
        "CREATE TRIGGER journal_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON journal"
        " FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only()",
    ),
}


def upgrade() -> None:
    """Make all tables; the journal refuses to be changed."""
    _cases()
    _deliveries()
    _ways_and_registry()
    _callers()
    _journal()


def downgrade() -> None:
    """Refuse: before the first tables there is nothing to go back to."""
    raise NotImplementedError("there is no state before the first tables; restore a backup instead")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _index(name: str, table: str, *columns: str, where: str = "", unique: bool = False) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=condition, postgresql_where=condition)


def _cases() -> None:
    op.create_table(
        "cases",
        *_texts("id", "number", "client", "portal_reference", "municipality", "procedure", "authority", "option"),
        *_texts("release"),
        sa.Column("test", sa.Boolean(), nullable=False),
        *_texts("reference", "state"),
        _moment("created_at", nullable=False),
        _moment("expires_at", nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("posted_plans", sa.Integer(), nullable=False),
        _moment("accepted_at"),
        _moment("handed_over_at"),
        _moment("erased_at"),
        *_texts("plans"),
        sa.Column("plans_due", sa.Date(), nullable=True),
        sa.Column("plans_arrived_on", sa.Date(), nullable=True),
        *_texts("file_reference", "overview_sha256", "follows"),
        sa.CheckConstraint(STATES, name=op.f("ck_cases_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    _index("uq_cases_number", "cases", "number", where="follows = ''", unique=True)
    _index("ix_cases_follower", "cases", "number", where="follows <> ''")
    _index("ix_cases_portal_reference", "cases", "portal_reference")
    _index("ix_cases_file_reference", "cases", "file_reference", where="file_reference <> ''")
    _index("ix_cases_overview_sha256", "cases", "overview_sha256", where="overview_sha256 <> ''")
    _index("ix_cases_draft", "cases", "expires_at", where="state = 'draft'")
    _index("ix_cases_over", "cases", "created_at", where=OVER)
    op.create_table(
        "sealed",
        *_texts("case_id", "name"),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_sealed_case_id")),
        sa.PrimaryKeyConstraint("case_id", "name", name=op.f("pk_sealed")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("position", COUNTER, nullable=False),
        *_texts("message_id", "case_id", "case_number", "authority", "kind", "number", "release"),
        _moment("stamped_at", nullable=False),
        sa.Column("size", COUNTER, nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        *_texts("state"),
        _moment("next_at"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        *_texts("worker"),
        _moment("leased_until"),
        *_texts("adapter", "reason", "code", "reference"),
        sa.Column("facts", sa.JSON(), nullable=False),
        _moment("available_at"),
        _moment("fetched_at"),
        _moment("handed_over_at"),
        sa.CheckConstraint(STATES, name=op.f("ck_deliveries_state")),
        sa.CheckConstraint(
            "state NOT IN ('accepted', 'waiting') OR next_at IS NOT NULL", name=op.f("ck_deliveries_due")
        ),
        sa.CheckConstraint("state <> 'available' OR available_at IS NOT NULL", name=op.f("ck_deliveries_available")),
        sa.CheckConstraint(
            "state <> 'under_way' OR (worker <> '' AND leased_until IS NOT NULL)",
            name=op.f("ck_deliveries_leased"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_deliveries_case_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", name=op.f("uq_deliveries_message_id")),
        sqlite_autoincrement=True,
    )
    _index("ix_deliveries_case_id", "deliveries", "case_id")
    _index("ix_deliveries_authority", "deliveries", "authority", "position")
    _index("ix_deliveries_state", "deliveries", "state", "position")
    _index("ix_deliveries_due", "deliveries", "authority", "next_at", "position", where=DUE)
    _index("ix_deliveries_leased", "deliveries", "authority", "leased_until", where=LEASED)
    _index("ix_deliveries_look", "deliveries", "next_at", where=AVAILABLE)
    _index("ix_deliveries_available", "deliveries", "authority", "available_at", "position", where=AVAILABLE)


def _ways_and_registry() -> None:
    op.create_table(
        "ways",
        *_texts("authority"),
        sa.Column("paused", sa.Boolean(), nullable=False),
        *_texts("paused_why"),
        sa.Column("failures", sa.Integer(), nullable=False),
        _moment("open_until"),
        sa.PrimaryKeyConstraint("authority", name=op.f("pk_ways")),
    )
    op.create_table(
        "participations",
        *_texts("authority"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "valid_from", name=op.f("pk_participations")),
    )
    op.create_table(
        "edition_steps",
        sa.Column("valid_from", sa.Date(), nullable=False),
        *_texts("name"),
        sa.PrimaryKeyConstraint("valid_from", name=op.f("pk_edition_steps")),
    )
    op.create_table(
        "certificates",
        *_texts("authority", "purpose", "fingerprint"),
        _moment("valid_from", nullable=False),
        _moment("valid_until", nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "purpose", "fingerprint", name=op.f("pk_certificates")),
    )
    _index("ix_certificates_fingerprint", "certificates", "fingerprint")


def _callers() -> None:
    op.create_table(
        "clients",
        *_texts("token_sha256", "token_id", "name", "scopes"),
        _moment("expires_at", nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_clients")),
        sa.UniqueConstraint("token_id", name=op.f("uq_clients_token_id")),
    )
    op.create_table(
        "answered",
        *_texts("client", "key", "body_sha256", "made"),
        _moment("at", nullable=False),
        sa.PrimaryKeyConstraint("client", "key", name=op.f("pk_answered")),
    )
    _index("ix_answered_at", "answered", "at")


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("number", COUNTER, autoincrement=False, nullable=False),
        _moment("at", nullable=False),
        *_texts("actor", "what", "subject", "why"),
        sa.Column("facts", sa.Text(), nullable=False),
        *_texts("before", "digest"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal")),
    )
    _index("ix_journal_subject", "journal", "subject", "number")
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
