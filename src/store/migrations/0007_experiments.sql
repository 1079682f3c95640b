-- A comparison that was registered before its data came in. What is registered is never changed.
CREATE TABLE experiments (
    id            TEXT   NOT NULL PRIMARY KEY,
    team          TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    plan          TEXT   NOT NULL, -- JSON, nothing personal
    registered_by TEXT   NOT NULL, -- the API key's id
    registered_at BIGINT NOT NULL,
    UNIQUE (team, name)
);

-- What a planned look found, as it was then.
CREATE TABLE experiment_looks (
    experiment_id TEXT    NOT NULL REFERENCES experiments (id),
    number        INTEGER NOT NULL,
    document      TEXT    NOT NULL, -- JSON, nothing personal
    taken_by      TEXT    NOT NULL, -- the API key's id
    taken_at      BIGINT  NOT NULL,
    PRIMARY KEY (experiment_id, number)
);

-- What people decided by it, and why.
CREATE TABLE experiment_decisions (
    id            TEXT   NOT NULL PRIMARY KEY,
    experiment_id TEXT   NOT NULL REFERENCES experiments (id),
    decision      TEXT   NOT NULL, -- promote, keep, combine, extend, stop
    rationale     TEXT   NOT NULL,
    key_id        TEXT   NOT NULL, -- the API key's
    key_name      TEXT   NOT NULL,
    decided_at    BIGINT NOT NULL
);

CREATE INDEX experiment_decisions_by_experiment ON experiment_decisions (experiment_id, id);

-- Which share of the unflagged is looked into whatever their scores; who belongs to it follows from a keyed hash.
CREATE TABLE audit_draws (
    experiment_id TEXT   NOT NULL REFERENCES experiments (id),
    share         DOUBLE PRECISION NOT NULL, -- above 0, up to 1
    drawn_by      TEXT   NOT NULL, -- the API key's id
    drawn_at      BIGINT NOT NULL,
    PRIMARY KEY (experiment_id, share)
);
