"""What can go wrong, and the proof of what happens then: a platform that misbehaves, its books, and a table of cases."""
