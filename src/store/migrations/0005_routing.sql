-- Providers that an operator keeps from being asked.
CREATE TABLE drains (
    provider TEXT   NOT NULL PRIMARY KEY,
    since    BIGINT NOT NULL,
    by_key   TEXT   NOT NULL -- the API key's id
);

-- What another provider said to the same question, for comparison; never served.
CREATE TABLE shadow_answers (
    assessment_id          TEXT    NOT NULL,
    revision               INTEGER NOT NULL, -- the one that was served
    provider_assessment_id TEXT    NOT NULL REFERENCES provider_assessments (id),
    served                 TEXT    NOT NULL, -- called, cached
    created_at             BIGINT  NOT NULL,
    PRIMARY KEY (assessment_id, revision, provider_assessment_id)
);
