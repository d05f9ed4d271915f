"""What the audit log keeps of a request or a response: no secret and no chosen field, cut to a size."""

import json
from dataclasses import dataclass
from typing import Any

from .patterns import HARMLESS, NAME, REDACTED, redact

CUT = "… [cut]"
# Longer than any secret except a private key, whose pattern needs no end.
_LONGEST = 8000


@dataclass(frozen=True)
class Rules:
    """What an administrator chose.

    :param names: of fields that are never logged, in lower case
    :param length: how many characters of a request or response are kept
    """

    names: frozenset[str] = frozenset()
    length: int = 16_000

    def hides(self, name: str) -> bool:
        """Whether what stands under this name, which may be a path such as ``partner_id.bank_ids``, is left out."""
        if NAME.search(name) and not HARMLESS.search(name):
            return True
        return not self.names.isdisjoint(name.lower().split("."))


def payload(body: bytes | dict[str, Any], rules: Rules) -> str:
    """The text for the log: redacted first and cut then, so that no half of a secret is left.

    :param body: JSON, or bytes that may be anything
    """
    raw = body.decode("utf-8", "replace") if isinstance(body, bytes) else None
    value = body if raw is None else _parsed(raw)
    redaction = _Redaction(rules)
    if isinstance(value, (dict, list)):
        text = json.dumps(redaction.value(value), ensure_ascii=False, indent=1)
    else:
        text = redaction.unparsed(raw or "")
    # PostgreSQL stores neither a NUL nor half a surrogate pair.
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return text if len(text) <= rules.length else text[: rules.length] + CUT


class _Redaction:
    """One walk through a JSON value. What comes after as many characters as are kept is not looked at any more."""

    def __init__(self, rules: Rules):
        self.rules, self.left = rules, rules.length

    def value(self, value: Any) -> Any:
        """A copy without what stands under a hidden name or looks like a secret.

        Under a name stands a member of an object, the operand of a domain's condition (``["password", "=", "x"]``), and
        the siblings of a member that says the name (``{"field": "password", "value": "x"}``).
        """
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            is_condition = len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], str)
            if is_condition and self.rules.hides(value[0]):
                return [*value[:2], REDACTED]
            return [self.value(item) for item in value]
        return self._string(value) if isinstance(value, str) else value

    def unparsed(self, text: str) -> str:
        """A chosen field cannot be told from the rest in what is no JSON: if one is named, nothing is kept."""
        lowered = text.lower()
        return REDACTED if any(name in lowered for name in self.rules.names) else self._string(text)

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        names = (value.get(key) for key in ("field", "name", "key"))
        hidden = {"value", "before", "after", "old", "new"} if any(map(self._is_hidden_name, names)) else ()
        return {
            self._plain(key): REDACTED
            if key in hidden or (self.rules.hides(key) and _may_be_secret(item))
            else self.value(item)
            for key, item in value.items()
        }

    def _is_hidden_name(self, name: Any) -> bool:
        return isinstance(name, str) and self.rules.hides(name)

    def _string(self, text: str) -> str:
        """A text that is JSON itself, as the content of a tool's result, is looked into."""
        if text[:1] in ("{", "[") and isinstance(inner := _parsed(text), (dict, list)):
            return json.dumps(self.value(inner), ensure_ascii=False)
        return self._plain(text)

    def _plain(self, text: str) -> str:
        if self.left <= 0:
            return CUT
        if len(text) > self.rules.length + _LONGEST:
            # Of what is cut anyway only the beginning is searched. A secret that this cuts lies in what is left off.
            text = redact(text[: self.rules.length + _LONGEST])[:-_LONGEST] + CUT
        else:
            text = redact(text)
        self.left -= len(text)
        return text


def _may_be_secret(item: Any) -> bool:
    """Empty and yes or no say nothing, and whether a password is set is worth knowing."""
    return item is not None and not isinstance(item, bool) and item != ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
