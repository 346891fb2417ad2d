"""基层有数: department systems in, reconciled data back to every community."""
