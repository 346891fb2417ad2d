"""The error model is frozen: whoever changes it has to say so, and to choose thresholds anew."""

import json
from dataclasses import replace

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import error_model
from jiceng_pipeline.simulation.errors import PROFILES, Rates

CHANGED = """
The error model has changed, so figures measured on it before no longer hold. If that is meant:
1. choose the thresholds of matching anew, on development seeds;
2. measure on seeds never used before, and report those figures;
3. write the new fingerprints into data/reference/error_model.json:
{}
"""


def test_the_error_model_is_the_frozen_one():
    settings = Settings.load()
    found = {name: error_model.fingerprint(rates) for name, rates in PROFILES.items()}
    assert error_model.frozen(settings) == found, CHANGED.format(json.dumps(found, indent=2))


def test_every_rate_counts():
    usual = Rates()
    prints = {error_model.fingerprint(replace(usual, **{name: 0.123})) for name in Rates.__dataclass_fields__}
    assert len(prints) == len(Rates.__dataclass_fields__)
    assert error_model.fingerprint(usual) not in prints


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("x = 1  # why\n", '"""Said."""\nx  =  1\n', True),
        ('def f():\n    """Say."""\n    return 1\n', "def f():\n    return 1\n", True),
        ("x = 0.1\n", "x = 0.2\n", False),
        ("a(b)\n", "a(c)\n", False),
        ("x = 'moon'\n", "x = 'sun'\n", False),
    ],
)
def test_only_what_acts_counts(monkeypatch, tmp_path, before, after, is_same):
    monkeypatch.setattr(error_model, "MODULES", ("numbers",))
    prints = []
    for number, source in enumerate((before, after)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "numbers.py").write_text(source)
        monkeypatch.setattr(error_model, "__file__", str(folder / "error_model.py"))
        prints.append(error_model.fingerprint(Rates()))
    assert (prints[0] == prints[1]) == is_same


def test_a_city_says_what_its_errors_were_made_by(city):
    model = error_model.of_city(city)
    assert model == error_model.ErrorModel("default", error_model.fingerprint(Rates()), is_frozen=True)


def test_rates_of_no_profile_are_named_so(tmp_path):
    noted = error_model.noted(Rates(phone_old=0.5))
    assert noted["profile"] == "custom"
    settings = Settings(home=tmp_path)
    settings.simulated.mkdir(parents=True)
    (settings.simulated / "city.json").write_text(json.dumps(noted))
    assert not error_model.of_city(settings).is_frozen


def test_without_a_city_there_is_no_model(tmp_path):
    with pytest.raises(UsageError, match="模拟城市"):
        error_model.of_city(Settings(home=tmp_path))
