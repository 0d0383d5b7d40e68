"""The roof: the `booksales` command and the local stack. Imports everything, nobody imports it."""
