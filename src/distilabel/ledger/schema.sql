-- The ledger's tables. Illegal states are forbidden here, not only in the code.
-- Times are seconds since 1970; texts are UTF-8.

-- Whose requests these are: a step of a pipeline (or of one run of it, where the cache is off).
CREATE TABLE scopes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- A call of Pipeline.run, or of an LLM by itself: each draws every sample at most once.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    started_at REAL NOT NULL
) STRICT;

-- Where requests go.
CREATE TABLE targets (
    id INTEGER PRIMARY KEY,
    platform TEXT NOT NULL,
    base_url TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    UNIQUE (platform, base_url, endpoint, model)
) STRICT;

-- Each distinct request, once; elsewhere its key is written as 32 hexadecimal digits.
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 16),
    target_id INTEGER NOT NULL REFERENCES targets (id),
    body BLOB NOT NULL
) STRICT;

-- Who draws: one chunk of rows in one step. In the run named here, all that it ever drew counts as drawn.
CREATE TABLE askers (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL REFERENCES scopes (id),
    name TEXT NOT NULL,
    run_id INTEGER REFERENCES runs (id),
    UNIQUE (scope_id, name)
) STRICT;

-- The moves of jobs that are legal; states.py holds the same ones and draws them.
CREATE TABLE job_moves (
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    PRIMARY KEY (from_state, to_state)
) STRICT, WITHOUT ROWID;

INSERT INTO job_moves VALUES
    ('planned', 'uploading'),
    ('planned', 'cancelled'),
    ('uploading', 'planned'),
    ('uploading', 'uploaded'),
    ('uploaded', 'creating'),
    ('uploaded', 'cancelled'),
    ('creating', 'uploaded'),
    ('creating', 'submitted'),
    ('creating', 'rejected'),
    ('submitted', 'ended'),
    ('submitted', 'rejected'),
    ('submitted', 'lost'),
    ('ended', 'fetched'),
    ('fetched', 'settled');

-- Batch jobs. Numbers are never reused, since a job's files are in a folder of that name.
CREATE TABLE jobs (
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
    -- What is out of the ordinary beside the state; states.py draws how one condition follows another.
    condition TEXT CHECK (
        condition IS NULL
        OR (
            condition IN ('cancel_due', 'cancel_sent')
            AND state IN ('submitted', 'ended', 'fetched', 'settled', 'rejected', 'lost')
        )
        OR (condition IN ('results_missing', 'forgotten') AND state IN ('ended', 'fetched', 'settled'))
    ),
    UNIQUE (target_id, remote_id),
    CHECK (state NOT IN ('uploaded', 'creating') OR input_file IS NOT NULL),
    CHECK (state NOT IN ('submitted', 'ended', 'fetched', 'settled', 'lost') OR remote_id IS NOT NULL),
    CHECK (state NOT IN ('planned', 'uploading', 'uploaded') OR remote_id IS NULL)
) STRICT;

CREATE INDEX open_jobs ON jobs (target_id, scope_id) WHERE state NOT IN ('settled', 'rejected', 'lost', 'cancelled');

CREATE TRIGGER job_moves_are_legal BEFORE UPDATE OF state ON jobs
WHEN NOT EXISTS (SELECT 1 FROM job_moves WHERE from_state = old.state AND to_state = new.state)
BEGIN
    SELECT raise(ABORT, 'this move of a job is not legal');
END;

-- The most prompt tokens (estimated) that one key may have under way at a target, learnt from the jobs that were refused.
CREATE TABLE quotas (
    target_id INTEGER NOT NULL REFERENCES targets (id),
    account TEXT NOT NULL,
    tokens INTEGER NOT NULL CHECK (tokens > 0),
    PRIMARY KEY (target_id, account)
) STRICT, WITHOUT ROWID;

-- Each state of a job, and when it was reached.
CREATE TABLE job_history (
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    state TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE TRIGGER job_begins AFTER INSERT ON jobs
BEGIN
    INSERT INTO job_history VALUES (new.id, new.state, new.created_at);
END;

CREATE TRIGGER job_moved AFTER UPDATE OF state ON jobs
BEGIN
    INSERT INTO job_history VALUES (new.id, new.state, new.moved_at);
END;

-- Result files, unchanged, below the ledger's folder.
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    UNIQUE (job_id, kind)
) STRICT;

-- The pools: sample n of a request, who drew it in which run, and its state. Numbers are never reused, since a run remembers
-- by them what was drawn.
CREATE TABLE samples (
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

CREATE INDEX samples_wanted ON samples (scope_id, run_id) WHERE state = 'wanted';
CREATE INDEX samples_of_job ON samples (job_id, asker_id) WHERE job_id IS NOT NULL;
CREATE INDEX samples_of_asker ON samples (asker_id);

-- Jobs of LLMs with a custom batch protocol: the ids that they returned, by a digest of their inputs.
CREATE TABLE own_jobs (
    scope_id INTEGER NOT NULL REFERENCES scopes (id),
    digest TEXT NOT NULL,
    jobs_ids TEXT NOT NULL,
    PRIMARY KEY (scope_id, digest)
) STRICT, WITHOUT ROWID;
