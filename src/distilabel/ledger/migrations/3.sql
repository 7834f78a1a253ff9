-- From schema 2 to 3: the keys of requests are bytes and no longer hexadecimal digits, which halves their index; no number of
-- a sample or a job is given twice; an asker takes all that it ever drew in one step.
ALTER TABLE askers ADD COLUMN run_id INTEGER REFERENCES runs (id);
CREATE TABLE requests_by_bytes (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 16),
    target_id INTEGER NOT NULL REFERENCES targets (id),
    body BLOB NOT NULL
) STRICT;
INSERT INTO requests_by_bytes SELECT id, bytes_of(key), target_id, body FROM requests;
DROP TABLE requests;
ALTER TABLE requests_by_bytes RENAME TO requests;
CREATE TABLE samples_numbered_once (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER NOT NULL REFERENCES requests (id),
    n INTEGER NOT NULL CHECK (n >= 0),
    scope_id INTEGER NOT NULL REFERENCES scopes (id),
    asker_id INTEGER NOT NULL REFERENCES askers (id),
    run_id INTEGER NOT NULL REFERENCES runs (id),
    nth INTEGER NOT NULL CHECK (nth >= 0),
    state TEXT NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'claimed', 'answered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    job_id INTEGER REFERENCES jobs (id),
    file_id INTEGER REFERENCES files (id),
    start INTEGER,
    length INTEGER,
    code TEXT,
    message TEXT,
    UNIQUE (request_id, n),
    CHECK (state <> 'claimed' OR job_id IS NOT NULL),
    CHECK (state <> 'answered' OR (file_id IS NOT NULL AND start IS NOT NULL AND length IS NOT NULL)),
    CHECK (state <> 'failed' OR (code IS NOT NULL AND message IS NOT NULL))
) STRICT;
INSERT INTO samples_numbered_once SELECT * FROM samples;
DROP TABLE samples;
ALTER TABLE samples_numbered_once RENAME TO samples;
CREATE INDEX samples_wanted ON samples (scope_id, run_id) WHERE state = 'wanted';
CREATE INDEX samples_of_job ON samples (job_id, asker_id) WHERE job_id IS NOT NULL;
CREATE INDEX samples_of_asker ON samples (asker_id);
CREATE TABLE jobs_numbered_once (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope_id INTEGER NOT NULL REFERENCES scopes (id),
    target_id INTEGER NOT NULL REFERENCES targets (id),
    tag TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL DEFAULT 'planned' CHECK (
        state IN (
            'planned', 'uploading', 'uploaded', 'creating', 'submitted', 'ended', 'fetched', 'settled',
            'rejected', 'lost', 'cancelled'
        )
    ),
    requests INTEGER NOT NULL CHECK (requests > 0),
    size INTEGER NOT NULL CHECK (size > 0),
    tokens INTEGER NOT NULL DEFAULT 0 CHECK (tokens >= 0),
    label TEXT,
    account TEXT,
    created_at REAL NOT NULL,
    moved_at REAL NOT NULL,
    input_file TEXT,
    remote_id TEXT,
    remote_status TEXT,
    completed INTEGER,
    failed INTEGER,
    code TEXT,
    message TEXT,
    anomalies INTEGER NOT NULL DEFAULT 0,
    UNIQUE (target_id, remote_id),
    CHECK (state NOT IN ('uploaded', 'creating') OR input_file IS NOT NULL),
    CHECK (state NOT IN ('submitted', 'ended', 'fetched', 'settled', 'lost') OR remote_id IS NOT NULL),
    CHECK (state NOT IN ('planned', 'uploading', 'uploaded') OR remote_id IS NULL)
) STRICT;
INSERT INTO jobs_numbered_once (
    id, scope_id, target_id, tag, state, requests, size, tokens, label, account, created_at, moved_at, input_file, remote_id,
    remote_status, completed, failed, code, message, anomalies
) SELECT
    id, scope_id, target_id, tag, state, requests, size, tokens, label, account, created_at, moved_at, input_file, remote_id,
    remote_status, completed, failed, code, message, anomalies
FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_numbered_once RENAME TO jobs;
CREATE INDEX open_jobs ON jobs (target_id, scope_id) WHERE state NOT IN ('settled', 'rejected', 'lost', 'cancelled');

CREATE TRIGGER job_moves_are_legal BEFORE UPDATE OF state ON jobs
WHEN NOT EXISTS (SELECT 1 FROM job_moves WHERE from_state = old.state AND to_state = new.state)
BEGIN
    SELECT raise(ABORT, 'this move of a job is not legal');
END;
CREATE TRIGGER job_begins AFTER INSERT ON jobs
BEGIN
    INSERT INTO job_history VALUES (new.id, new.state, new.created_at);
END;

CREATE TRIGGER job_moved AFTER UPDATE OF state ON jobs
BEGIN
    INSERT INTO job_history VALUES (new.id, new.state, new.moved_at);
END;
