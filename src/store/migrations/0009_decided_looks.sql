-- The last look before a decision; NULL where none was taken, or an earlier release recorded it.
ALTER TABLE experiment_decisions ADD COLUMN look INTEGER;
