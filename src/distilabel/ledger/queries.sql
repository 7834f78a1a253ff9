-- Every statement that the ledger runs, each under its name. `:keys` holds the keys of many requests, 16 bytes each.

-- name: add_scope
INSERT OR IGNORE INTO scopes (name) VALUES (:name);

-- name: scope_id
SELECT id FROM scopes WHERE name = :name;

-- name: begin_run
INSERT INTO runs (name, started_at) VALUES (:name, :now) RETURNING id;

-- name: add_target
INSERT OR IGNORE INTO targets (platform, base_url, endpoint, model) VALUES (:platform, :base_url, :endpoint, :model);

-- name: target_id
SELECT id FROM targets
WHERE platform = :platform AND base_url = :base_url AND endpoint = :endpoint AND model = :model;

-- name: add_asker
INSERT OR IGNORE INTO askers (scope_id, name) VALUES (:scope_id, :name);

-- name: asker_id
SELECT id FROM askers WHERE scope_id = :scope_id AND name = :name;

-- name: next_request_id
SELECT coalesce(max(id), 0) + 1 FROM requests;

-- name: add_requests
INSERT INTO requests (id, key, target_id, body)
SELECT :first + k.key, substr(:keys, 16 * k.key + 1, 16), :target_id,
       substr(:bodies, json_extract(k.value, '$[0]'), json_extract(k.value, '$[1]'))
FROM json_each(:rows) AS k;

-- name: pool
SELECT lower(hex(r.key)), r.id, length(r.body) = 0, s.id, s.n, s.asker_id, max(s.run_id, coalesce(a.run_id, 0)), s.nth,
       s.state, s.attempts, f.path, s.start, s.length, s.code, s.message, j.remote_id
FROM json_each(:places) AS k
JOIN requests AS r ON r.key = substr(:keys, k.value, 16)
LEFT JOIN samples AS s ON s.request_id = r.id
LEFT JOIN askers AS a ON a.id = s.asker_id
LEFT JOIN files AS f ON f.id = s.file_id
LEFT JOIN jobs AS j ON j.id = s.job_id
ORDER BY s.request_id, s.n;

-- name: own_samples
-- What was recovered without its body is left out: `draw` fills it in, for whoever asks has the body.
SELECT lower(hex(r.key)), s.id, s.n, s.asker_id, s.run_id, s.nth, s.state, s.attempts, f.path, s.start, s.length, s.code,
       s.message, j.remote_id
FROM samples AS s
JOIN requests AS r ON r.id = s.request_id
LEFT JOIN files AS f ON f.id = s.file_id
LEFT JOIN jobs AS j ON j.id = s.job_id
WHERE s.asker_id = :asker_id AND s.run_id = :run_id AND length(r.body) > 0;

-- name: bodies
SELECT r.body FROM json_each(:rows) AS k
JOIN samples AS s ON s.id = k.value
JOIN requests AS r ON r.id = s.request_id
ORDER BY k.key;

-- name: samples
SELECT s.id, s.n, s.asker_id, s.run_id, s.nth, s.state, s.attempts, f.path, s.start, s.length, s.code, s.message,
       j.remote_id
FROM json_each(:rows) AS k
JOIN samples AS s ON s.id = k.value
LEFT JOIN files AS f ON f.id = s.file_id
LEFT JOIN jobs AS j ON j.id = s.job_id
ORDER BY k.key;

-- name: next_sample_id
SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'samples';

-- name: draw_again
UPDATE samples SET asker_id = ?, run_id = ?, nth = ? WHERE id = ?;

-- name: add_samples
INSERT INTO samples (id, request_id, n, scope_id, asker_id, run_id, nth)
SELECT :first + k.key, json_extract(k.value, '$[0]'), json_extract(k.value, '$[1]'), :scope_id, :asker_id, :run_id,
       json_extract(k.value, '$[2]')
FROM json_each(:rows) AS k;

-- name: claim_again
UPDATE askers SET run_id = :run_id WHERE scope_id = :scope_id AND name = :name;

-- name: wanted
SELECT s.id, length(r.body) FROM samples AS s JOIN requests AS r ON r.id = s.request_id
WHERE s.scope_id = :scope_id AND s.run_id = :run_id AND s.state = 'wanted' AND r.target_id = :target_id AND s.id > :after
ORDER BY s.id LIMIT :most;

-- name: add_job
INSERT INTO jobs (scope_id, target_id, tag, label, account, requests, size, tokens, created_at, moved_at)
VALUES (:scope_id, :target_id, :tag, :label, :account, :requests, :size, :tokens, :now, :now) RETURNING id;

-- name: adopt_job
INSERT INTO jobs (scope_id, target_id, tag, state, requests, size, created_at, moved_at, remote_id)
VALUES (:scope_id, :target_id, :tag, 'submitted', :requests, 1, :created_at, :now, :remote_id) RETURNING id;

-- name: in_flight
SELECT count(*), coalesce(sum(tokens), 0) FROM jobs
WHERE target_id = :target_id AND moved_at > :since
  AND state IN ('planned', 'uploading', 'uploaded', 'creating', 'submitted');

-- name: quota
SELECT tokens FROM quotas WHERE target_id = :target_id AND account = :account;

-- name: set_quota
INSERT INTO quotas (target_id, account, tokens) VALUES (:target_id, :account, :tokens)
ON CONFLICT (target_id, account) DO UPDATE SET tokens = excluded.tokens;

-- name: grow_quota
-- A job that uses little of a quota does not show that there is more.
UPDATE quotas SET tokens = tokens + max(1, tokens / 4)
WHERE target_id = :target_id AND account = :account AND :job_tokens * 2 >= tokens;

-- name: add_known_request
INSERT OR IGNORE INTO requests (key, target_id, body) VALUES (:key, :target_id, :body);

-- name: fill_request
UPDATE requests SET body = ? WHERE key = ? AND length(body) = 0;

-- name: add_claimed_sample
INSERT OR IGNORE INTO samples (request_id, n, scope_id, asker_id, run_id, nth, state, job_id)
SELECT id, :n, :scope_id, :asker_id, :run_id, :nth, 'claimed', :job_id FROM requests WHERE key = :key;

-- name: orphans
SELECT count(*) FROM jobs AS j JOIN scopes AS s ON s.id = j.scope_id
WHERE s.name = '' AND j.state NOT IN ('settled', 'rejected', 'lost', 'cancelled');

-- name: take_orphans
UPDATE jobs SET scope_id = :scope_id, target_id = :target_id
WHERE scope_id = (SELECT id FROM scopes WHERE name = '') AND id IN (
    SELECT s.job_id FROM samples AS s JOIN askers AS a ON a.id = s.asker_id
    WHERE a.scope_id = :scope_id AND a.name = :asker AND s.job_id IS NOT NULL
) RETURNING id;

-- name: take_requests_of_orphans
UPDATE requests SET target_id = :target_id
WHERE id IN (SELECT request_id FROM samples WHERE job_id IN (SELECT value FROM json_each(:jobs)));

-- name: take_samples_of_orphans
UPDATE samples SET scope_id = :scope_id WHERE job_id IN (SELECT value FROM json_each(:jobs));

-- name: claim
UPDATE samples SET state = 'claimed', job_id = :job_id, code = NULL, message = NULL
WHERE id IN (SELECT value FROM json_each(:rows)) AND state = 'wanted';

-- name: fail_sample
UPDATE samples SET state = 'failed', code = ?, message = ? WHERE id = ?;

-- name: job_lines
SELECT lower(hex(r.key)) AS key, s.n, r.body FROM samples AS s JOIN requests AS r ON r.id = s.request_id
WHERE s.job_id = :job_id AND s.state = 'claimed' ORDER BY s.id;

-- name: jobs_of_scope
SELECT j.*, sc.name AS scope, t.platform, t.base_url, t.endpoint, t.model
FROM jobs AS j JOIN scopes AS sc ON sc.id = j.scope_id JOIN targets AS t ON t.id = j.target_id
WHERE j.scope_id = :scope_id ORDER BY j.id;

-- name: jobs_of_asker
SELECT DISTINCT j.remote_id FROM samples AS s JOIN askers AS a ON a.id = s.asker_id JOIN jobs AS j ON j.id = s.job_id
WHERE a.scope_id = :scope_id AND a.name = :name AND j.remote_id IS NOT NULL ORDER BY j.id;

-- name: open_jobs_of_scope
SELECT j.*, sc.name AS scope, t.platform, t.base_url, t.endpoint, t.model
FROM jobs AS j JOIN scopes AS sc ON sc.id = j.scope_id JOIN targets AS t ON t.id = j.target_id
WHERE j.scope_id = :scope_id AND j.target_id = :target_id
  AND j.state NOT IN ('settled', 'rejected', 'lost', 'cancelled') ORDER BY j.id;

-- name: job
SELECT j.*, sc.name AS scope, t.platform, t.base_url, t.endpoint, t.model
FROM jobs AS j JOIN scopes AS sc ON sc.id = j.scope_id JOIN targets AS t ON t.id = j.target_id
WHERE j.id = :job_id;

-- name: known_job
SELECT j.id FROM jobs AS j JOIN targets AS t ON t.id = j.target_id
WHERE t.platform = :platform AND t.base_url = :base_url AND j.remote_id = :remote_id OR j.tag = :tag;

-- name: move_job
UPDATE jobs SET state = :state, moved_at = :now,
    input_file = coalesce(:input_file, input_file), remote_id = coalesce(:remote_id, remote_id),
    remote_status = coalesce(:remote_status, remote_status), completed = coalesce(:completed, completed),
    failed = coalesce(:failed, failed), code = coalesce(:code, code), message = coalesce(:message, message)
WHERE id = :job_id;

-- name: note_condition
UPDATE jobs SET condition = :condition, message = :message, moved_at = :now WHERE id = :job_id;

-- name: note_progress
UPDATE jobs SET remote_status = :remote_status, completed = :completed, failed = :failed WHERE id = :job_id;

-- name: add_file
INSERT INTO files (job_id, kind, path) VALUES (:job_id, :kind, :path)
ON CONFLICT (job_id, kind) DO UPDATE SET path = excluded.path;

-- name: files_of_job
SELECT id, path FROM files WHERE job_id = :job_id ORDER BY kind DESC;

-- name: answer_samples
-- The unary plus keeps SQLite from using the index of job_id, which would scan all samples of the job for each line.
UPDATE samples SET attempts = samples.attempts + (samples.state <> 'answered'), state = 'answered',
    file_id = v.file_id, start = v.start, length = v.length, code = NULL, message = NULL
FROM (
    SELECT r.id AS request_id, json_extract(k.value, '$[0]') AS file_id, json_extract(k.value, '$[1]') AS start,
           json_extract(k.value, '$[2]') AS length, json_extract(k.value, '$[3]') AS n
    FROM json_each(:rows) AS k JOIN requests AS r ON r.key = substr(:keys, 16 * k.key + 1, 16)
) AS v
WHERE samples.request_id = v.request_id AND samples.n = v.n AND +samples.job_id = :job_id
  AND (samples.state <> 'answered' OR (samples.file_id = v.file_id AND samples.start = v.start));

-- name: refuse_sample
UPDATE samples SET attempts = attempts + (state = 'claimed'), state = 'failed', code = :code, message = :message
WHERE request_id = (SELECT id FROM requests WHERE key = :key) AND n = :n AND job_id = :job_id
  AND (state = 'claimed' OR (state = 'failed' AND code = :code));

-- name: note_failure
UPDATE samples SET code = :code, message = :message
WHERE request_id = (SELECT id FROM requests WHERE key = :key) AND n = :n AND job_id = :job_id AND state = 'claimed';

-- name: forget_anomalies
UPDATE jobs SET anomalies = 0 WHERE id = :job_id;

-- name: note_anomalies
UPDATE jobs SET anomalies = anomalies + :count WHERE id = :job_id;

-- name: release_after_attempt
UPDATE samples SET attempts = attempts + :burnt,
    code = CASE WHEN :whole_job THEN :code ELSE coalesce(code, :code) END,
    message = CASE WHEN :whole_job THEN :message ELSE coalesce(message, :message) END,
    state = CASE WHEN attempts + :burnt >= :most_attempts THEN 'failed' ELSE 'wanted' END
WHERE job_id = :job_id AND state = 'claimed';

-- name: want_again
UPDATE samples SET state = 'wanted', attempts = 0, code = NULL, message = NULL
WHERE job_id = :job_id AND state = 'failed';

-- name: want_failed_again
UPDATE samples SET state = 'wanted', attempts = 0, code = NULL, message = NULL
WHERE state = 'failed' AND scope_id = :scope_id AND (:code IS NULL OR code = :code)
  AND (:job IS NULL OR job_id IN (SELECT id FROM jobs WHERE remote_id = :job OR CAST(id AS TEXT) = ltrim(:job, '#')));

-- name: release_unburnt
UPDATE samples SET state = 'wanted', code = NULL, message = NULL WHERE job_id = :job_id AND state = 'claimed';

-- name: release_refused
UPDATE samples SET state = 'wanted', code = NULL, message = NULL
WHERE job_id = :job_id AND state = 'claimed' AND code IN (SELECT value FROM json_each(:codes));

-- name: refusal_since
-- A settled job has a code only where the platform refused some of its requests because of the account.
SELECT 1 FROM jobs
WHERE target_id = :target_id AND state = 'settled' AND code IS NOT NULL AND moved_at >= :since
  AND moved_at < (SELECT started_at FROM runs WHERE id = :run_id) LIMIT 1;

-- name: sample_of_job
SELECT 1 FROM samples
WHERE request_id = (SELECT id FROM requests WHERE key = :key) AND n = :n AND job_id = :job_id;

-- name: refuse_line
UPDATE samples SET state = 'failed', attempts = attempts + 1, code = :code, message = :message
WHERE id = (SELECT id FROM samples WHERE job_id = :job_id ORDER BY id LIMIT 1 OFFSET :line - 1)
  AND state = 'claimed';

-- name: ready_askers_of_job
-- What an asker drew in its last run counts: an earlier run may have asked another model, and may still wait for that.
WITH d AS MATERIALIZED (
    SELECT a.id, a.name, (SELECT max(l.run_id) FROM samples AS l WHERE l.asker_id = a.id) AS run_id
    FROM (SELECT DISTINCT asker_id FROM samples WHERE job_id = :job_id) AS s JOIN askers AS a ON a.id = s.asker_id
)
SELECT d.name FROM d WHERE NOT EXISTS (
    SELECT 1 FROM samples AS o
    WHERE o.asker_id = d.id AND o.run_id = d.run_id AND o.state IN ('wanted', 'claimed')
);

-- name: ready_askers_of_samples
WITH d AS MATERIALIZED (
    SELECT a.id, a.name, (SELECT max(l.run_id) FROM samples AS l WHERE l.asker_id = a.id) AS run_id
    FROM (
        SELECT DISTINCT s.asker_id FROM json_each(:samples) AS k JOIN samples AS s ON s.id = k.value
    ) AS s JOIN askers AS a ON a.id = s.asker_id
)
SELECT d.name FROM d WHERE NOT EXISTS (
    SELECT 1 FROM samples AS o
    WHERE o.asker_id = d.id AND o.run_id = d.run_id AND o.state IN ('wanted', 'claimed')
);

-- name: drawn_from
SELECT 1 FROM samples WHERE job_id = :job_id AND run_id = :run_id LIMIT 1;

-- name: keep_own_jobs
INSERT INTO own_jobs (scope_id, digest, jobs_ids) VALUES (:scope_id, :digest, :jobs_ids)
ON CONFLICT (scope_id, digest) DO UPDATE SET jobs_ids = excluded.jobs_ids;

-- name: own_jobs
SELECT jobs_ids FROM own_jobs WHERE scope_id = :scope_id AND digest = :digest;

-- name: all_jobs
SELECT j.*, sc.name AS scope, t.platform, t.base_url, t.endpoint, t.model
FROM jobs AS j JOIN scopes AS sc ON sc.id = j.scope_id JOIN targets AS t ON t.id = j.target_id
ORDER BY j.id;

-- name: job_by_name
SELECT j.*, sc.name AS scope, t.platform, t.base_url, t.endpoint, t.model
FROM jobs AS j JOIN scopes AS sc ON sc.id = j.scope_id JOIN targets AS t ON t.id = j.target_id
WHERE j.remote_id = :name OR CAST(j.id AS TEXT) = ltrim(:name, '#') ORDER BY j.id LIMIT 1;

-- name: outcomes_of_job
SELECT state, count(*) FROM samples WHERE job_id = :job_id GROUP BY state ORDER BY state;

-- name: reasons_of_job
SELECT code, count(*) FROM samples WHERE job_id = :job_id AND code IS NOT NULL GROUP BY code ORDER BY count(*) DESC;

-- name: history_of_job
SELECT state, at FROM job_history WHERE job_id = :job_id ORDER BY rowid;

-- name: paths_of_job
SELECT path, kind FROM files WHERE job_id = :job_id ORDER BY kind DESC;

-- name: all_lines_of_job
SELECT lower(hex(r.key)) AS key, s.n, r.body FROM samples AS s JOIN requests AS r ON r.id = s.request_id
WHERE s.job_id = :job_id ORDER BY s.id;

-- name: jobs_over_before
SELECT id FROM jobs WHERE moved_at < :before AND state IN ('settled', 'rejected', 'lost', 'cancelled');

-- name: prune_samples
DELETE FROM samples WHERE job_id IN (SELECT value FROM json_each(:jobs)) AND state IN ('answered', 'failed');

-- name: prune_files
DELETE FROM files WHERE job_id IN (SELECT value FROM json_each(:jobs));

-- name: prune_history
DELETE FROM job_history WHERE job_id IN (SELECT value FROM json_each(:jobs));

-- name: prune_jobs
DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(:jobs));

-- name: prune_requests
DELETE FROM requests WHERE NOT EXISTS (SELECT 1 FROM samples WHERE request_id = requests.id);
