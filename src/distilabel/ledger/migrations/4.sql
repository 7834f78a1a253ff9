-- From schema 3 to 4: what is out of the ordinary about a job has a column; `code` is the platform's error code alone.
ALTER TABLE jobs ADD COLUMN condition TEXT CHECK (
    condition IS NULL
    OR (
        condition IN ('cancel_due', 'cancel_sent')
        AND state IN ('submitted', 'ended', 'fetched', 'settled', 'rejected', 'lost')
    )
    OR (condition IN ('results_missing', 'forgotten') AND state IN ('ended', 'fetched', 'settled'))
);
-- A rejected job keeps its code: a platform may have used one of these words for its own error.
UPDATE jobs SET code = NULL, condition = CASE code
    WHEN 'giving_up' THEN 'cancel_due'
    WHEN 'deadline' THEN 'cancel_sent'
    WHEN 'results_not_there' THEN 'results_missing'
    WHEN 'given_up' THEN 'forgotten'
END
WHERE (code IN ('giving_up', 'deadline') AND state IN ('submitted', 'ended', 'fetched', 'settled'))
    OR (code IN ('results_not_there', 'given_up') AND state IN ('ended', 'fetched', 'settled'));
