"""The only Dagster code: resources, assets, checks, schedules, sensors."""
