-- Keyed hash of team, provider and the vendor's own reference; empty where the vendor gave none, NULL where it is not
-- known yet: a row of an earlier release.
ALTER TABLE provider_assessments ADD COLUMN reference_mac BLOB;
-- Whether it was asked for, or brought in from the vendor's own history.
ALTER TABLE provider_assessments ADD COLUMN origin TEXT NOT NULL DEFAULT 'asked'; -- asked, import

CREATE INDEX provider_assessments_by_reference ON provider_assessments (reference_mac);
-- Whatever servers do at once, nothing is brought in twice.
CREATE UNIQUE INDEX provider_assessments_imported_once ON provider_assessments (reference_mac)
    WHERE origin = 'import';

-- What a job of kind import brings in. Its items are the pages of the vendor's list.
CREATE TABLE imports (
    job_id      TEXT   NOT NULL PRIMARY KEY REFERENCES jobs (id),
    team        TEXT   NOT NULL,
    provider    TEXT   NOT NULL,
    wanted_from TEXT, -- a day or a time
    wanted_to   TEXT,
    created_at  BIGINT NOT NULL
);

CREATE INDEX imports_by_provider ON imports (team, provider, created_at);

-- What became of each entry of the vendor's list, once for each import.
CREATE TABLE import_entries (
    job_id        TEXT    NOT NULL REFERENCES imports (job_id),
    reference_mac BLOB    NOT NULL,
    outcome       TEXT    NOT NULL, -- imported, skipped, failed
    reason        TEXT, -- why it was skipped, or the kind of failure
    attached      BOOLEAN NOT NULL, -- whether it is about a subject that was known before
    entered_at    BIGINT  NOT NULL,
    PRIMARY KEY (job_id, reference_mac)
);
