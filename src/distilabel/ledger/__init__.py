"""What was asked, what was sent, and what came back: SQLite and result files; the only place that knows job ids."""
