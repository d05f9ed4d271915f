"""Which of several records failed, and why."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import IntegrityError
from psycopg2.errors import ForeignKeyViolation, NotNullViolation, RestrictViolation, UniqueViolation

from odoo.exceptions import AccessError, MissingError, UserError

from .tool import ToolError

_REFUSED = "the database refused this, because values do not go together."


@contextmanager
def naming(env, what: str = "") -> Iterator[None]:
    """Run the body in a savepoint; its failure becomes an error that begins with ``what`` and says what to change.

    :raise ToolError: for what an AI can put right; anything else is passed on as it is
    """
    prefix = f"{what}: " if what else ""
    try:
        # Flushes at its end, so that constraints speak of this record and not of a later one.
        with env.cr.savepoint():
            yield
    except ToolError as error:
        raise ToolError(f"{prefix}{error}") from error
    except (AccessError, MissingError) as error:
        # Odoo's own text names records and groups of others.
        raise ToolError(f"{prefix}you may not do this, or a record does not exist.") from error
    except UserError as error:
        raise ToolError(f"{prefix}{error}") from error
    except IntegrityError as error:
        raise ToolError(f"{prefix}{_violation(env, error)}") from error
    except psycopg2.DataError as error:
        raise ToolError(f"{prefix}a value is too long, too large, or of the wrong form.") from error


def _violation(env, error: IntegrityError) -> str:
    """What a constraint of the database forbids, in the words of the model that has it.

    PostgreSQL's own words are for nobody: they tell the whole row, hidden fields included.
    """
    models = (model for model in env.registry.values() if model._table == error.diag.table_name and not model._abstract)
    cls = next(models, None)
    if cls is None:
        return _REFUSED
    if isinstance(error, (ForeignKeyViolation, RestrictViolation)):
        return f"records of {cls._name} need it, or it needs a record that is not there. Archiving may do instead."
    if isinstance(error, (NotNullViolation, UniqueViolation)) or error.diag.constraint_name in cls._table_objects:
        return env[cls._name]._sql_error_to_message(error).strip()
    return _REFUSED
