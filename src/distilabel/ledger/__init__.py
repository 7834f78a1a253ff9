"""What was asked, what was sent and what came back: a SQLite file and result files. Job ids are known only here."""
