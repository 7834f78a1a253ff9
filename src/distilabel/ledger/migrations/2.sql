-- From schema 1 to 2: jobs know the tokens in them, a word of the user's, and which key they went out with.
ALTER TABLE jobs ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0 CHECK (tokens >= 0);
ALTER TABLE jobs ADD COLUMN label TEXT;
ALTER TABLE jobs ADD COLUMN account TEXT;
DROP INDEX open_jobs;
CREATE INDEX open_jobs ON jobs (target_id, scope_id) WHERE state NOT IN ('settled', 'rejected', 'lost', 'cancelled');
-- A job's samples are found by it in every state.
DROP INDEX samples_claimed;
CREATE INDEX samples_of_job ON samples (job_id, asker_id) WHERE job_id IS NOT NULL;
