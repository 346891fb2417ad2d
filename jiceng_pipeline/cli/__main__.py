"""`python -m jiceng_pipeline.cli` is `jiceng`."""

from jiceng_pipeline.cli import main

main()
