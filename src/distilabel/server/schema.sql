-- Two kinds of rows: files and batches. Requests and answers are lines of files, never rows.
-- Times are unix seconds. What must not be is forbidden here, whoever writes.

CREATE TABLE IF NOT EXISTS files (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE CHECK (id GLOB 'file-?*'),
    filename   TEXT NOT NULL,
    purpose    TEXT NOT NULL CHECK (purpose IN ('assistants', 'batch', 'batch_output', 'evals', 'fine-tune', 'user_data', 'vision')),
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    created_at REAL NOT NULL,
    expires_at REAL CHECK (expires_at > created_at)
) STRICT;

CREATE TABLE IF NOT EXISTS batches (
    seq               INTEGER PRIMARY KEY AUTOINCREMENT,
    id                TEXT NOT NULL UNIQUE CHECK (id GLOB 'batch_?*'),
    input_file_id     TEXT NOT NULL,
    endpoint          TEXT NOT NULL,
    completion_window TEXT NOT NULL,
    metadata          TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
    output_seconds    INTEGER,
    status            TEXT NOT NULL DEFAULT 'validating' CHECK (status IN (
        'validating', 'in_progress', 'finalizing', 'cancelling', 'completed', 'failed', 'expired', 'cancelled')),
    model             TEXT,
    errors            TEXT CHECK (errors IS NULL OR json_valid(errors)),
    output_part       TEXT NOT NULL UNIQUE,
    error_part        TEXT NOT NULL UNIQUE,
    output_file_id    TEXT CHECK (output_file_id IS NULL OR output_file_id = output_part),
    error_file_id     TEXT CHECK (error_file_id IS NULL OR error_file_id = error_part),
    total             INTEGER NOT NULL DEFAULT 0 CHECK (total >= 0),
    output_bytes      INTEGER NOT NULL DEFAULT 0 CHECK (output_bytes >= 0),
    error_bytes       INTEGER NOT NULL DEFAULT 0 CHECK (error_bytes >= 0),
    completed         INTEGER NOT NULL DEFAULT 0 CHECK (completed >= 0),
    failed            INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    input_tokens      INTEGER NOT NULL DEFAULT 0,
    cached_tokens     INTEGER NOT NULL DEFAULT 0,
    output_tokens     INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens  INTEGER NOT NULL DEFAULT 0,
    created_at        REAL NOT NULL,
    expires_at        REAL NOT NULL CHECK (expires_at > created_at),
    in_progress_at    REAL,
    finalizing_at     REAL,
    completed_at      REAL,
    failed_at         REAL,
    expired_at        REAL,
    cancelling_at     REAL,
    cancelled_at      REAL,
    CHECK (completed + failed <= total),
    CHECK ((status = 'failed') = (errors IS NOT NULL)),
    CHECK ((status = 'failed') = (failed_at IS NOT NULL)),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CHECK ((status = 'expired') = (expired_at IS NOT NULL)),
    CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
    CHECK (status IN ('completed', 'expired', 'cancelled') OR (output_file_id IS NULL AND error_file_id IS NULL))
) STRICT;

CREATE INDEX IF NOT EXISTS live_batches ON batches (seq)
    WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling');

CREATE TABLE IF NOT EXISTS moves (
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (source, target)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO moves (source, target) VALUES
    ('validating', 'in_progress'), ('validating', 'failed'), ('validating', 'cancelling'),
    ('in_progress', 'finalizing'), ('in_progress', 'expired'), ('in_progress', 'cancelling'),
    ('finalizing', 'completed'),
    ('cancelling', 'cancelled');

CREATE TRIGGER IF NOT EXISTS legal_moves_only BEFORE UPDATE OF status ON batches
    WHEN NOT EXISTS (SELECT 1 FROM moves WHERE source = OLD.status AND target = NEW.status)
BEGIN
    SELECT RAISE(ABORT, 'a batch may not make this move');
END;
