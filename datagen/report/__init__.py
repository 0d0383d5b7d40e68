"""The shape report: what came out of a generation, read back from where it went, against what was asked."""
