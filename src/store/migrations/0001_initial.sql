-- Times are microseconds since 1970 in UTC, scores are floating point 0 to 100, money is millionths of a unit.

-- What the store says of itself: by which master key it was made, and that writing works.
CREATE TABLE store_facts (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE api_keys (
    id          TEXT   NOT NULL PRIMARY KEY,
    team        TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    scopes      TEXT   NOT NULL,
    secret_mac  BLOB   NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE subjects (
    id            TEXT   NOT NULL PRIMARY KEY,
    team          TEXT   NOT NULL,
    reference_mac BLOB   NOT NULL,
    created_at    BIGINT NOT NULL,
    UNIQUE (team, reference_mac)
);

-- In a table of their own, so that keys and data can be backed up apart: without its key nothing about a subject can
-- be read.
CREATE TABLE data_keys (
    subject_id TEXT NOT NULL PRIMARY KEY REFERENCES subjects (id),
    wrapped    BLOB NOT NULL -- by the master key
);

CREATE TABLE provider_assessments (
    id              TEXT   NOT NULL PRIMARY KEY,
    subject_id      TEXT   NOT NULL REFERENCES subjects (id),
    provider        TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    mapping_version TEXT   NOT NULL,
    level           TEXT,
    score           DOUBLE PRECISION,
    assessed_at     BIGINT NOT NULL,
    document        BLOB   NOT NULL -- sealed by the subject's data key
);

CREATE TABLE attempts (
    id           TEXT    NOT NULL PRIMARY KEY,
    provider     TEXT    NOT NULL,
    operation    TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    sent         BOOLEAN NOT NULL,
    billed       TEXT    NOT NULL,
    price_micros BIGINT,
    currency     TEXT,
    started_at   BIGINT  NOT NULL,
    duration_ms  BIGINT  NOT NULL,
    team         TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    subject_id   TEXT    NOT NULL REFERENCES subjects (id),
    request_id   TEXT    NOT NULL,
    provider_assessment_id TEXT REFERENCES provider_assessments (id)
);

CREATE TABLE assessments (
    id         TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    team       TEXT    NOT NULL,
    subject_id TEXT    NOT NULL REFERENCES subjects (id),
    route      TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    level      TEXT,
    score      DOUBLE PRECISION,
    decided_by TEXT,
    purpose    BLOB, -- sealed by the subject's data key
    created_at BIGINT  NOT NULL,
    document   BLOB    NOT NULL, -- sealed by the subject's data key
    PRIMARY KEY (id, revision)
);

CREATE TABLE assessment_sources (
    assessment_id          TEXT    NOT NULL,
    revision               INTEGER NOT NULL,
    provider_assessment_id TEXT    NOT NULL REFERENCES provider_assessments (id),
    PRIMARY KEY (assessment_id, revision, provider_assessment_id),
    FOREIGN KEY (assessment_id, revision) REFERENCES assessments (id, revision)
);

CREATE TABLE servings (
    request_id    TEXT   NOT NULL PRIMARY KEY,
    assessment_id TEXT   NOT NULL,
    revision      INTEGER NOT NULL,
    subject_id    TEXT    NOT NULL REFERENCES subjects (id),
    purpose       BLOB, -- sealed by the subject's data key
    served_at     BIGINT  NOT NULL
);
