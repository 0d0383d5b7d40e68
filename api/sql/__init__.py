"""SQL of analysts: checked against what they may name, and run in a process of its own."""
