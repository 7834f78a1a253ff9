-- From schema 4 to 5: how much one key may have under way at a target is remembered.
CREATE TABLE quotas (
    target_id INTEGER NOT NULL REFERENCES targets (id),
    account TEXT NOT NULL,
    tokens INTEGER NOT NULL CHECK (tokens > 0),
    PRIMARY KEY (target_id, account)
) STRICT, WITHOUT ROWID;
