-- What later turned out to be true of a subject, as somebody said. One that another supersedes no longer counts.
CREATE TABLE outcomes (
    id            TEXT   NOT NULL PRIMARY KEY,
    team          TEXT   NOT NULL,
    subject_id    TEXT   NOT NULL REFERENCES subjects (id),
    assessment_id TEXT, -- where it was told by that
    type          TEXT   NOT NULL,
    occurred_at   BIGINT,
    labelled_by   BLOB, -- sealed by the subject's data key
    confidence    DOUBLE PRECISION, -- 0 to 1
    blinded       BOOLEAN, -- whether whoever labelled had seen no score; NULL where nobody said
    supersedes    TEXT REFERENCES outcomes (id),
    content_mac   BLOB   NOT NULL, -- keyed hash of all of it, so that the same told twice is one
    key_id        TEXT   NOT NULL, -- the API key's
    recorded_at   BIGINT NOT NULL,
    UNIQUE (team, content_mac)
);

CREATE INDEX outcomes_by_team ON outcomes (team, id);
CREATE UNIQUE INDEX outcomes_superseded_once ON outcomes (supersedes);

-- What a comparison needs of an answer to a question, in a row without documents: very many are read at once. One for
-- each question and provider; the answer that a pending one came to takes its place.
CREATE TABLE compared_answers (
    asked_in        TEXT   NOT NULL, -- the assessment; for what was brought in, the provider assessment itself
    provider        TEXT   NOT NULL,
    provider_assessment_id TEXT REFERENCES provider_assessments (id), -- NULL: asked in vain
    team            TEXT   NOT NULL,
    subject_id      TEXT   NOT NULL REFERENCES subjects (id),
    route           TEXT, -- NULL for what was brought in
    replaces        TEXT, -- the assessment in place of which the question was asked
    part            TEXT   NOT NULL, -- primary, fallback, consensus, shadow, in_vain, import, unattached
    served          TEXT, -- called, cached, stale, adopted
    status          TEXT, -- of the answer alone
    level           TEXT,
    score           TEXT, -- a decimal that reads back as the same number
    kind            TEXT,
    mapping_version TEXT,
    profile         TEXT, -- fingerprint of the questionnaire
    question_mac    TEXT, -- keyed hash of everything that is derived from the subject; NULL: not known
    subject_type    TEXT,
    country_mac     TEXT, -- keyed hash of the subject's country
    assessed_at     BIGINT,
    asked_at        BIGINT NOT NULL,
    asked_minute    BIGINT NOT NULL, -- the same in whole minutes: what was asked for together is read together
    PRIMARY KEY (asked_in, provider)
);

CREATE INDEX compared_answers_by_time ON compared_answers (team, provider, asked_minute);
CREATE INDEX compared_answers_by_subject ON compared_answers (subject_id, provider);
CREATE INDEX compared_answers_replacing ON compared_answers (team, provider, asked_minute) WHERE replaces IS NOT NULL;
CREATE INDEX compared_answers_brought_in ON compared_answers (team, provider, asked_minute) WHERE route IS NULL;

CREATE INDEX attempts_by_provider ON attempts (team, provider, started_at);
