"""The simulated city and its department systems; only the demo commands use it."""
