"""可订阅的 (offers): what an account may subscribe to now: each dataset and way of showing it that a live grant covers.

An offer is for choosing from; `subscription.put` asks for leave all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.grant import Grant, Profile
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import access, changes, datasets, grants
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.masks import HIDDEN, SHOWN, Masking

PROFILES: Mapping[Profile, str] = {"check": "已遮盖", "full": "完整"}


@dataclass(frozen=True)
class Offer:
    """`maskings` are the elements of which something would be shown; without `purposes` any purpose may be stated."""

    dataset: Dataset
    profile: Profile
    scopes: tuple[str, ...]
    maskings: Mapping[str, Masking]
    purposes: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return the way it is shown, as people say it."""
        return PROFILES[self.profile]

    @property
    def tellable(self) -> tuple[str, ...]:
        """Return the elements a condition may be on: the reader sees their values as they are."""
        return tuple(name for name, masking in self.maskings.items() if masking is SHOWN)


def offers(settings: Settings, ledger: Ledger, account: str) -> list[Offer]:
    """Return what there is to subscribe to, in the order of the datasets, masked before unmasked."""
    live = [entry.body for entry in grants.live(ledger, account)]
    return [
        _offer(dataset, profile, fitting)
        for name, dataset in datasets.datasets(settings).items()
        if name != changes.NAME
        for profile in PROFILES
        if (fitting := [each for each in live if _covers(each, name, profile)])
    ]


def find(settings: Settings, ledger: Ledger, account: str, dataset: str, profile: str) -> Offer | None:
    """Return one of them, None where no live grant covers it."""
    every = offers(settings, ledger, account)
    return next((each for each in every if (each.dataset.name, each.profile) == (dataset, profile)), None)


def _covers(grant: Grant, dataset: str, profile: Profile) -> bool:
    return (grant.datasets == grants.EVERYTHING or dataset in grant.datasets) and profile in grant.profiles


def _offer(dataset: Dataset, profile: Profile, fitting: list[Grant]) -> Offer:
    named = [each.elements for each in fitting]
    everything = grants.EVERYTHING in named
    stated = [each.purposes for each in fitting]
    return Offer(
        dataset,
        profile,
        tuple(dict.fromkeys(each.scope for each in fitting)),
        {
            name: masking
            for name, about in dataset.elements.items()
            if (everything or any(name in each for each in named))
            and (masking := access.masking(dataset, about, profile)) is not HIDDEN
        },
        () if grants.EVERYTHING in stated else tuple(dict.fromkeys(each for some in stated for each in some)),
    )
