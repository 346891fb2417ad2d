"""How often things happen in a year, each a named rate; calm towns, busy ones, and a city where nothing happens."""

from dataclasses import dataclass, fields

from jiceng_pipeline.core.errors import UsageError


@dataclass(frozen=True)
class Pace:
    """Happenings a year for each person who lives here, where nothing else is said (Jiangsu, 2020 to 2024)."""

    birth: float = 0.005
    death: float = 0.009
    move: float = 0.04  # of the households
    registration: float = 0.5  # of the households registered at another address of the township than they live at
    departure: float = 0.012  # of the households; who came from elsewhere leaves more often
    arrival: float = 0.013  # households, for each household here
    marriage: float = 0.005
    divorce: float = 0.002
    phone: float = 0.08
    employment: float = 0.05
    allowance_granted: float = 0.0012  # of the households
    allowance_ended: float = 0.1  # of the households on it
    assessment: float = 0.002  # by the disabled persons' federation
    honour: float = 0.0005  # reports to the veterans' office
    sale: float = 0.012  # of the dwellings owned
    case: float = 0.05  # reported to the city's managers
    opening: float = 0.1  # enterprises, for each there is
    closing: float = 0.06  # of the enterprises that are open
    correction: float = 0.05  # of the people and enterprises an office knows, looked through for errors

    def __post_init__(self) -> None:
        """Refuse what cannot happen."""
        for each in fields(self):
            if getattr(self, each.name) < 0:
                raise UsageError(f"{each.name} 不能小于 0", where="life.Pace", cure="改成 0 或更大")

    def times(self, factor: float) -> "Pace":
        """Return a pace so many times as fast."""
        return Pace(**{each.name: getattr(self, each.name) * factor for each in fields(self)})
