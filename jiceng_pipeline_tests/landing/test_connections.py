import pytest

from jiceng_pipeline.core.errors import DefinitionError, SourceUnreachable
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.landing import connections


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def test_no_file_is_no_connections(settings):
    assert connections.read(settings) == {}
    assert not connections.is_known(settings, "d/s")
    with pytest.raises(SourceUnreachable, match="d/s") as caught:
        connections.address(settings, "d/s")
    assert caught.value.where == str(settings.connections)


def test_relative_places_are_below_the_home(settings, tmp_path):
    settings.connections.write_text("d/s: {folder: drop, token: 123}\nd/t: {file: /abs/x.db, url: 'http://drop'}\n")
    assert connections.address(settings, "d/s") == {"folder": str(tmp_path / "drop"), "token": "123"}
    assert connections.address(settings, "d/t") == {"file": "/abs/x.db", "url": "http://drop"}
    assert connections.is_known(settings, "d/t")


@pytest.mark.parametrize("token", ["01234567", "010:30", "2026_1", "12e03", "2026-02-30", "yes", "0x1F", "1.50"])
def test_a_token_is_sent_as_it_stands_there(settings, token):
    settings.connections.write_text(f"d/s:\n  token: {token}\n")
    assert connections.address(settings, "d/s") == {"token": token}


@pytest.mark.parametrize(
    "token", ["*canary", "!canary", "%canary", "@canary", '"canary\\3Pa55"', "{{ canary }}", "canary\x07", "[canary: x"]
)
def test_a_token_that_breaks_the_file_is_told_by_its_line_alone(settings, token):
    settings.connections.write_text(f"d/s:\n  url: http://h\n  token: {token}\n")
    with pytest.raises(SourceUnreachable) as caught:
        connections.address(settings, "d/s")
    assert "canary" not in str(caught.value)
    assert caught.value.where in {f"{settings.connections}:{line}" for line in (3, 4)}
    assert "引号" in caught.value.cure


@pytest.mark.parametrize(
    "text", ["d/s: {token: [canary]}\n", "d/s: canary\n", "d/s: {url: canary}\nd/s: {url: canary}\n"]
)
def test_a_wrong_file_is_told_without_what_is_in_it(settings, text):
    settings.connections.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        connections.read(settings)
    assert "canary" not in str(caught.value)
    assert str(settings.connections) in caught.value.where
