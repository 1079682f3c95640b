-- Exchanges with a vendor that are under way. A row is there before the request is sent and goes with its outcome.
CREATE TABLE intents (
    id           TEXT    NOT NULL PRIMARY KEY, -- the attempt's
    provider     TEXT    NOT NULL,
    operation    TEXT    NOT NULL,
    paid         BOOLEAN NOT NULL,
    price_micros BIGINT,
    currency     TEXT,
    started_at   BIGINT  NOT NULL,
    settle_by    BIGINT  NOT NULL, -- when nobody waits for its outcome any more
    team         TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    subject_id   TEXT    NOT NULL REFERENCES subjects (id),
    request_id   TEXT    NOT NULL
);

CREATE INDEX intents_by_settle_by ON intents (settle_by);
CREATE INDEX intents_by_request ON intents (request_id);

-- Whether the outcome is not known but concluded: its process ended before it could tell.
ALTER TABLE attempts ADD COLUMN concluded BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX attempts_by_request ON attempts (request_id);

ALTER TABLE api_keys ADD COLUMN environment TEXT NOT NULL DEFAULT 'live';
ALTER TABLE api_keys ADD COLUMN revoked_at BIGINT; -- from when it is no longer good; may lie in the future
ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT;

-- Which request answers under an Idempotency-Key, and what it answered.
CREATE TABLE idempotency_keys (
    team        TEXT   NOT NULL,
    path        TEXT   NOT NULL,
    key_mac     BLOB   NOT NULL,
    body_mac    BLOB   NOT NULL,
    request_id  TEXT   NOT NULL, -- of the request that holds the key
    former      TEXT   NOT NULL DEFAULT '', -- those of whom it took the key over, each after a blank
    state       TEXT   NOT NULL, -- running, answered, unknown_outcome
    held_until  BIGINT NOT NULL, -- when another request may take over
    subject_id  TEXT REFERENCES subjects (id),
    status      BIGINT,
    answer      BLOB, -- sealed by the subject's data key
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (team, path, key_mac)
);

CREATE INDEX idempotency_keys_by_expires_at ON idempotency_keys (expires_at);

-- The assessment that it was made in place of.
ALTER TABLE assessments ADD COLUMN replaces TEXT;

CREATE INDEX assessments_by_team ON assessments (team, id);
CREATE INDEX assessments_by_subject ON assessments (subject_id, id);

-- Durable work. A job has numbered items; each ends in exactly one result.
CREATE TABLE jobs (
    id           TEXT   NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    team         TEXT   NOT NULL,
    label        TEXT   NOT NULL, -- one job for each kind, team and label
    created_at   BIGINT NOT NULL,
    cancelled_at BIGINT,
    UNIQUE (kind, team, label)
);

CREATE TABLE job_items (
    job_id      TEXT   NOT NULL REFERENCES jobs (id),
    number      BIGINT NOT NULL,
    status      TEXT   NOT NULL, -- queued, running, completed, failed, cancelled
    subject_id  TEXT REFERENCES subjects (id),
    payload     BLOB, -- sealed by the subject's data key
    run_at      BIGINT NOT NULL,
    tries       BIGINT NOT NULL DEFAULT 0,
    request_id  TEXT, -- of the latest try
    former      TEXT   NOT NULL DEFAULT '', -- those of the tries before it that ended without a word, each after a blank
    worker      TEXT,
    lease_until BIGINT,
    result      TEXT, -- id of what came of it
    error       TEXT, -- code of why it failed
    finished_at BIGINT,
    PRIMARY KEY (job_id, number)
);

CREATE INDEX job_items_by_run_at ON job_items (status, run_at);
CREATE INDEX job_items_by_lease ON job_items (status, lease_until);
