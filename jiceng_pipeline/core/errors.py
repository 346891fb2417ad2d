"""Every error a person may meet, in one tree; each says what happened, where, and what to do next.

    JicengError                 1  unexpected
    ├── UsageError              2  the command or a definition file is wrong
    │   ├── DefinitionError        a YAML or SQL file of ours: names file, line and field
    │   └── AccessDenied           no grant covers what was asked
    ├── NothingPublished        4  a blocking check failed; the previous version stays served
    ├── SourceError             5  a department's system (exit 5 only when none was reachable)
    │   ├── SourceUnreachable      network, login, missing file: trying again may help
    │   └── SourceRejected         it answered, but not with what its contract promises
    ├── Locked                  6  another sync holds the instance
    ├── StorageFailure          7  disk full, or no permission
    └── IntegrityError          8  ledger, landing or a published version is damaged

No message ever holds a personal value: records are named by file and row, or by record_id.
"""


class JicengError(Exception):
    """Say `what` went wrong, `where` (file, line, row, column, system) and the `cure`."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.cure = what, where, cure

    def __str__(self) -> str:
        return "；".join(part for part in (self.where, self.what, self.cure) if part)


class UsageError(JicengError):
    """The command, or a file it reads, does not say something that can be done."""

    exit_code = 2


class DefinitionError(UsageError):
    """A contract, element, rule, matching or SQL file breaks its schema."""


class AccessDenied(UsageError):
    """No live grant covers this actor, dataset, scope, purpose or profile."""


class NothingPublished(JicengError):
    """The sync ended without a new version; the previous one is still served."""

    exit_code = 4


class SourceError(JicengError):
    """A department's system did not deliver."""

    exit_code = 5


class SourceUnreachable(SourceError):
    """Network, login or missing file: a later try may succeed without anybody changing anything."""


class SourceRejected(SourceError):
    """The system answered with something its contract does not allow; its owner has to act."""


class Locked(JicengError):
    """Another process is syncing this instance."""

    exit_code = 6


class StorageFailure(JicengError):
    """The disk is full or a folder may not be written."""

    exit_code = 7


class IntegrityError(JicengError):
    """Something that must never change has changed."""

    exit_code = 8
