"""A page as a PDF: it is given its words and its style, and may fetch nothing."""

from typing import NoReturn

from jiceng_pipeline.portal.configuration import ROOM


def printed(page: str) -> bytes:
    """Return the PDF of an HTML page of ours."""
    from weasyprint import CSS, HTML  # 0.5 s that only a printed page needs

    style = CSS(string=(ROOM / "paper.css").read_text("utf-8"), url_fetcher=_refused)
    content: bytes = HTML(string=page, url_fetcher=_refused).write_pdf(stylesheets=[style])
    return content


def _refused(*_: object, **__: object) -> NoReturn:
    raise ValueError("a printed page fetches nothing")
