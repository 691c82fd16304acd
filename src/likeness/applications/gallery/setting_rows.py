"""The settings of a gallery, as they stand in its table: what it is bound to, and how often it was changed."""

import json
from collections.abc import Mapping
from typing import Any

from likeness.applications.gallery.database import Database
from likeness.applications.gallery.encoder_identity import whole_identity
from likeness.applications.gallery.score import Score
from likeness.applications.gallery.store import Settings
from likeness.errors import LikenessError

_SET = "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class SettingRows:
    """The settings in a gallery's database; each method is a part of a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def value(self, name: str) -> str:
        """A setting, "" where there is none."""
        rows = self._database.execute("SELECT value FROM setting WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def set(self, values: Mapping[str, str]) -> None:
        """Keep settings."""
        for one in values.items():
            self._database.execute(_SET, one)

    def unset(self, name: str) -> None:
        """Keep a setting no longer."""
        self._database.execute("DELETE FROM setting WHERE name = ?", (name,))

    def revision(self) -> int:
        """How often the gallery was changed."""
        found = self.value("revision")
        if not found.isdecimal():
            raise LikenessError(self._unreadable())
        return int(found)

    def next_revision(self) -> None:
        """Count a change."""
        self.set({"revision": str(self.revision() + 1)})

    def all(self) -> Settings:
        """What the gallery is bound to."""
        found = dict(self._database.execute("SELECT name, value FROM setting"))
        try:
            encoder = whole_identity(json.loads(found.get("encoder", "")))
            score = Score(found.get("score", ""))
        except (ValueError, RecursionError) as error:
            raise LikenessError(self._unreadable()) from error
        return Settings(encoder, found.get("where", ""), score, found.get("cohort_from", ""))

    def _unreadable(self) -> str:
        return f"{self._database.name} is damaged, as its settings can't be read: take a copy of it."

    def put(self, settings: Settings) -> None:
        """Bind the gallery otherwise."""
        self.set(_as_text(settings))

    def refuse_other_encoder(self, encoder: Mapping[str, Any]) -> None:
        """Raise a `LikenessError` where the gallery is bound to another encoder than the one of this identity."""
        if self.all().encoder != encoder:
            raise LikenessError(
                f"{self._database.name} got another encoder while images were encoded: run the same command again."
            )


def _as_text(settings: Settings) -> dict[str, str]:
    return {
        "encoder": json.dumps(settings.encoder, sort_keys=True),
        "where": settings.where,
        "score": settings.score.value,
        "cohort_from": settings.cohort_from,
    }
