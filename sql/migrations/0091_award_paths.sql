-- What a badge, and a report, need of paths and of work.
ALTER TABLE badge ADD CONSTRAINT badge_path_fkey FOREIGN KEY (tenant_id, path_id) REFERENCES learning_path ON DELETE SET NULL (path_id);
CREATE INDEX badge_path_idx ON badge (tenant_id, path_id);
-- Who has every point of a quiz, for badges that are made later.
CREATE INDEX quiz_attempt_perfect_idx ON quiz_attempt (tenant_id, user_id) WHERE percent = 100 AND status = 'SUBMITTED';
