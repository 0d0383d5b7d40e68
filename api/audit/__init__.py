"""Who asked what and what came of it: written before the work, chained so that no change goes unseen."""
