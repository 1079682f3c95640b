-- What else says what an import is of.
ALTER TABLE imports ADD COLUMN wanted TEXT NOT NULL DEFAULT '{}'; -- JSON: the vendor's own filters, how many references
ALTER TABLE imports ADD COLUMN wanted_mac BLOB; -- keyed hash of all that is wanted; NULL: by an earlier release
