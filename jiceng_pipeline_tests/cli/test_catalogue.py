"""The catalogue page in the docs is the one the definition files make."""

from jiceng_pipeline.cli.catalogue import page
from jiceng_pipeline.core.settings import PACKAGE, Settings


def test_the_committed_page_is_current():
    committed = (PACKAGE.parent / "docs" / "catalogue.md").read_text("utf-8")
    assert committed == page(Settings.load()), "run: make docs"
