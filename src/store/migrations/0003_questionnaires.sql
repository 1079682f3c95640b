-- What vendors ask, and what an operator accepted of it. Nothing here is about a subject.
CREATE TABLE accepted_questionnaires (
    provider    TEXT   NOT NULL,
    profile     TEXT   NOT NULL, -- the vendor's id of it
    number      BIGINT NOT NULL, -- from 1; the last one counts
    fingerprint TEXT   NOT NULL,
    document    TEXT   NOT NULL, -- JSON
    accepted_at BIGINT NOT NULL,
    accepted_by TEXT, -- nobody: it was the first ever read
    PRIMARY KEY (provider, profile, number)
);

-- As any server last read it.
CREATE TABLE seen_questionnaires (
    provider    TEXT   NOT NULL,
    profile     TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    document    TEXT   NOT NULL, -- JSON
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (provider, profile)
);
