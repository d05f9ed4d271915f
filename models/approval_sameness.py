"""Whether two dry runs of one call, made at different times, show the same."""

from datetime import date, datetime, timedelta
from typing import Any

# So long a call may take between the moment that it was tried out and what it notes as now.
_SLACK = timedelta(minutes=5)
# Today is not everywhere the same day.
_SLACK_OF_DAYS = timedelta(days=1)
_BEFORE = "before"


def differing(one: Any, other: Any, passed: timedelta | None = None) -> set[tuple]:
    """Where the JSON values ``one`` and ``other`` differ, as paths.

    :param passed: how much later ``other`` was made; a time that is later by as much is the same: now, or in 30 days.
        Not so in what was there before, which no time that passes changes. None: every time counts as it is.
    """
    here, there = _leaves(one), _leaves(other)
    return {
        path
        for path in here.keys() | there.keys()
        if path not in here or path not in there or not _same(here[path], there[path], passed, _BEFORE in path)
    }


def changed_records(watched: list[dict], now: list[dict]) -> list[dict[str, Any]]:
    """The records of two lists of watched ones that differ, each with the values that do, before and after."""
    then, since = ({(item["model"], item["id"]): item["values"] for item in items} for items in (watched, now))
    changed = []
    for model, id in then.keys() | since.keys():
        old, new = then.get((model, id), {}), since.get((model, id), {})
        names = [name for name in {**old, **new} if differing(old.get(name), new.get(name))]
        if names:
            before, after = ({name: side[name] for name in names if name in side} for side in (old, new))
            changed.append({"model": model, "id": id, "before": before, "after": after, "consequences": []})
    return sorted(changed, key=lambda item: item["id"])


def _leaves(value: Any, path: tuple = ()) -> dict[tuple, Any]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if not items:
        return {path: value}
    return {place: leaf for key, item in items for place, leaf in _leaves(item, (*path, key)).items()}


def _same(one: Any, other: Any, passed: timedelta | None, is_before: bool) -> bool:
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    return one == other or (not is_before and _is_later_by(passed, one, other))


def _is_later_by(passed: timedelta | None, one: Any, other: Any) -> bool:
    if passed is None or not isinstance(one, str) or not isinstance(other, str):
        return False
    for kind, rest in ((date, _SLACK_OF_DAYS), (datetime, _SLACK)):
        try:
            return abs(kind.fromisoformat(other) - kind.fromisoformat(one) - passed) <= rest
        except (ValueError, TypeError):
            continue
    return False
