"""What secrets look like, ours and other people's, and what the fields are called that hold them."""

import re

from ..protocol import credentials

REDACTED = "[redacted]"

# Parts of the names of fields and members that hold a secret, in whatever style the name is written. Short ones only
# where no letter stands beside them: a footprint is no one-time password.
_NAMES = (
    "passw(?:or)?d|passwd|passphrase|secret(?!ar)|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|authorization|"
    "credential|cookie|session[_-]?id|csrf|card[_-]?number|client[_-]?assertion|(?<![a-z])(?:t?otp|pwd|pin|cvv|cvc)(?![a-z])"
)
NAME = re.compile(_NAMES, re.IGNORECASE)
# Names that hold such a word and no secret.
HARMLESS = re.compile(
    r"progress[_-]?token|page[_-]?token|max[_-]?tokens|tokens?[_-]?(?:count|used|limit)", re.IGNORECASE
)

# "name: value" in running text, and in JSON that was cut or stands inside a string.
_ASSIGNMENT = re.compile(
    rf"""((?:{_NAMES})[\w.-]{{0,40}}\\?["']?\s{{0,3}}[:=]\s{{0,3}})"""
    r"""(?:\\?"(?:[^"\\]|\\[^"]){1,4000}|'[^']{1,4000}|[^\s,;&"'\\\]})]{1,4000})""",
    re.IGNORECASE,
)
_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # JWT (RFC 7519), also one that was cut
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"  # AWS
    r"|\b(?:gh[pousr]_[0-9A-Za-z]{16,}|github_pat_\w{20,}|glpat-[\w-]{16,})"  # GitHub, GitLab
    r"|\bxox[a-z]-[\w-]{10,}|\bxapp-[\w-]{10,}|hooks\.slack\.com/services/[\w/]+"  # Slack
    r"|\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{10,}|\bwhsec_[\w+/=]{16,}"  # Stripe
    r"|\bsk-[\w-]{16,}"  # OpenAI, Anthropic
    r"|\bAIza[\w-]{30,}|\bya29\.[\w-]{16,}"  # Google
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bnpm_[0-9A-Za-z]{30,}|\bpypi-[\w-]{30,}|\bhf_[0-9A-Za-z]{20,}",
    re.DOTALL,
)
# RFC 9110 §11.6.2. After "basic" only what looks like Base64, since it is also an ordinary word.
_HEADER = re.compile(
    r"\b((?i:bearer)(?:\s+|%20)|(?i:basic)(?:\s+|%20)(?=[\w.~+/-]*[0-9=]|[\w.~+/-]{20}))[\w.~+/=-]{8,}"
)
# The userinfo of a URL (RFC 3986 §3.2.1).
_USERINFO = re.compile(r"(://[^\s/:@]{0,100}:)[^\s/@]{1,200}@")
# Of what tells itself by its look alone, without a name before it: a Basic header.
_SHORTEST = 14


def redact(text: str) -> str:
    """``text`` without what looks like a secret."""
    if len(text) < _SHORTEST and ":" not in text and "=" not in text:
        return text  # as most of what a row of the log holds
    text = _SECRETS.sub(REDACTED, credentials.redact(text))
    text = _HEADER.sub(rf"\1{REDACTED}", text)
    text = _USERINFO.sub(rf"\1{REDACTED}@", text)
    return _ASSIGNMENT.sub(rf"\1{REDACTED}", text)
