"""Which table of a database is read, whatever the database."""

from pydantic import Field

from jiceng_pipeline.core.documents import Document


class Table(Document):
    """One table or view, and the schema it is in where it is not the usual one."""

    table: str = Field(min_length=1, description="table or view")
    schema_name: str | None = Field(
        None, alias="schema", min_length=1, description="schema; in MySQL the database, where it is not the URL's"
    )
