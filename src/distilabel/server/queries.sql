-- Every query of the platform, by name.

-- name: add_file
INSERT INTO files (id, filename, purpose, bytes, created_at, expires_at)
VALUES (:id, :filename, :purpose, :bytes, :created_at, :expires_at);

-- name: file
SELECT * FROM files WHERE id = :id AND (expires_at IS NULL OR expires_at > :now);

-- name: files_newest_first
SELECT * FROM files
WHERE (:purpose IS NULL OR purpose = :purpose) AND (:after IS NULL OR seq < :after)
  AND (expires_at IS NULL OR expires_at > :now)
ORDER BY seq DESC LIMIT :limit;

-- name: files_oldest_first
SELECT * FROM files
WHERE (:purpose IS NULL OR purpose = :purpose) AND (:after IS NULL OR seq > :after)
  AND (expires_at IS NULL OR expires_at > :now)
ORDER BY seq ASC LIMIT :limit;

-- name: delete_file
DELETE FROM files WHERE id = :id;

-- name: delete_expired_files
DELETE FROM files WHERE expires_at <= :now;

-- name: batches_reading
SELECT id FROM batches
WHERE input_file_id = :id AND status IN ('validating', 'in_progress', 'finalizing', 'cancelling')
LIMIT 1;

-- name: wanted_files
SELECT id FROM files
UNION SELECT input_file_id FROM batches WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling')
UNION SELECT output_part FROM batches WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling')
UNION SELECT error_part FROM batches WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling');

-- name: add_batch
INSERT INTO batches (id, input_file_id, endpoint, completion_window, metadata, output_seconds,
                     output_part, error_part, created_at, expires_at)
VALUES (:id, :input_file_id, :endpoint, :completion_window, :metadata, :output_seconds,
        :output_part, :error_part, :created_at, :expires_at)
RETURNING *;

-- name: batch
SELECT * FROM batches WHERE id = :id;

-- name: batches
SELECT * FROM batches WHERE :after IS NULL OR seq < :after ORDER BY seq DESC LIMIT :limit;

-- name: live_batches
SELECT id FROM batches WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling') ORDER BY seq;

-- name: status
SELECT status FROM batches WHERE id = :id;

-- name: begin
UPDATE batches SET status = 'in_progress', in_progress_at = :now, model = :model, total = :total
WHERE id = :id AND status = 'validating';

-- name: fail
UPDATE batches SET status = 'failed', failed_at = :now, errors = :errors
WHERE id = :id AND status = 'validating';

-- name: cancel
UPDATE batches SET status = 'cancelling', cancelling_at = :now
WHERE id = :id AND status IN ('validating', 'in_progress');

-- name: finalize
UPDATE batches SET status = 'finalizing', finalizing_at = :now
WHERE id = :id AND status = 'in_progress';

-- name: checkpoint
UPDATE batches SET output_bytes = :output_bytes, error_bytes = :error_bytes,
                   completed = :completed, failed = :failed,
                   input_tokens = :input_tokens, cached_tokens = :cached_tokens,
                   output_tokens = :output_tokens, reasoning_tokens = :reasoning_tokens
WHERE id = :id
RETURNING status;

-- name: settle
UPDATE batches SET status = :target, output_file_id = :output_file_id, error_file_id = :error_file_id,
                   completed_at = CASE :target WHEN 'completed' THEN :now END,
                   expired_at = CASE :target WHEN 'expired' THEN :now END,
                   cancelled_at = CASE :target WHEN 'cancelled' THEN :now END
WHERE id = :id AND status = :source
RETURNING id;
