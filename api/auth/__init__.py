"""Who asks: accounts in a database, sign-in, tokens and their keys."""
