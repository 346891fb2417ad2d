"""Public labelled sets: this engine and Splink on FEBRL 1 to 4, in the same run, judged alike."""
