"""What operators keep about authorities, and the surveys they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gateway.domain.dossier import Dossier, Survey, SurveyState
from gateway.domain.dossier_json import dossier_from_json, dossier_to_json
from gateway.domain.ids import AuthorityKey
from gateway.edges.store.operator_tables import DOSSIERS, SURVEYS


class SqlDossiers:
    """The dossiers of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: AuthorityKey) -> Dossier:
        """Return what is kept about an authority; an empty dossier of version 0 if there is nothing yet."""
        row = self._connection.execute(select(DOSSIERS).where(DOSSIERS.c.authority == key)).one_or_none()
        return dossier_from_json(key, row.version, row.value) if row else Dossier(key)

    def all(self) -> Mapping[AuthorityKey, Dossier]:
        """Return every dossier there is."""
        rows = self._connection.execute(select(DOSSIERS))
        return {
            AuthorityKey(row.authority): dossier_from_json(AuthorityKey(row.authority), row.version, row.value)
            for row in rows
        }

    def save(self, dossier: Dossier) -> bool:
        """Keep a dossier if nobody has changed it since it was read; False, and nothing kept, otherwise."""
        values = {"version": dossier.version + 1, "value": dossier_to_json(dossier)}
        if dossier.version == 0:
            known = select(DOSSIERS.c.version).where(DOSSIERS.c.authority == dossier.authority)
            if self._connection.execute(known).first() is not None:
                return False
            self._connection.execute(insert(DOSSIERS), values | {"authority": dossier.authority})
            return True
        unchanged = (DOSSIERS.c.authority == dossier.authority, DOSSIERS.c.version == dossier.version)
        return self._connection.execute(update(DOSSIERS).where(*unchanged).values(values)).rowcount == 1


_HEADS = select(
    SURVEYS.c.id,
    SURVEYS.c.name,
    SURVEYS.c.at,
    SURVEYS.c.actor,
    SURVEYS.c.state,
    SURVEYS.c.value["counts"].label("counts"),
).order_by(SURVEYS.c.at.desc(), SURVEYS.c.id)


class SqlSurveys:
    """The surveys of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, survey: Survey) -> None:
        """Keep a survey as it was read."""
        values = {"id": survey.id, "name": survey.name, "at": survey.at, "actor": survey.actor}
        self._connection.execute(insert(SURVEYS), values | {"state": survey.state.value, "value": dict(survey.plan)})

    def get(self, survey_id: str) -> Survey | None:
        """Return a survey."""
        row = self._connection.execute(select(SURVEYS).where(SURVEYS.c.id == survey_id)).one_or_none()
        if row is None:
            return None
        return Survey(row.id, row.name, row.at, row.actor, SurveyState(row.state), row.value)

    def heads(self, skipped: int, limit: int) -> Sequence[Survey]:
        """Return surveys, the newest first; of their plans only the counts."""
        rows = self._connection.execute(_HEADS.offset(skipped).limit(limit))
        return [
            Survey(row.id, row.name, row.at, row.actor, SurveyState(row.state), {"counts": row.counts}) for row in rows
        ]

    def set_state(
        self, survey_id: str, before: SurveyState, after: SurveyState, plan: Mapping[str, Any] | None = None
    ) -> bool:
        """Change a survey's state if it still is `before`; `plan` replaces what was kept of its rows."""
        unchanged = (SURVEYS.c.id == survey_id, SURVEYS.c.state == before.value)
        values: dict[str, Any] = {"state": after.value} | ({"value": dict(plan)} if plan is not None else {})
        return self._connection.execute(update(SURVEYS).where(*unchanged).values(values)).rowcount == 1
