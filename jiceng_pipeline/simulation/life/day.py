"""One day: everything that happens in a township, in a fixed order, as a function of its seed, day and state."""

from typing import Any

from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.life import arrivals, couples, family, livelihood, merger, moving, trade
from jiceng_pipeline.simulation.life.draft import Draft
from jiceng_pipeline.simulation.life.pace import Pace


def day(city: City, pace: Pace | None = None) -> tuple[City, Any]:
    """Return the city a day later and what happened: kind, subject, serial, entity, lot, before, after."""
    pace, draft = pace or Pace(), Draft(city)
    merger.mergers(draft)
    livelihood.milestones(draft)
    family.deaths(draft, pace)
    family.births(draft, pace)
    moving.departures(draft, pace)
    moving.registrations(draft, pace)
    moving.moves(draft, pace)
    couples.divorces(draft, pace)
    couples.marriages(draft, pace)
    arrivals.arrivals(draft, pace)
    trade.closings(draft, pace)
    trade.openings(draft, pace)
    livelihood.employment(draft, pace)
    livelihood.telephones(draft, pace)
    livelihood.allowances(draft, pace)
    livelihood.reviews(draft, pace)
    livelihood.sales(draft, pace)
    livelihood.cases(draft, pace)
    return draft.done()
