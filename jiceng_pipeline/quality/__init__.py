"""Rules as files, judged by great_expectations, and the tickets that follow."""
