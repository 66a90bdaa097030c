-- Who has handed in a quiz: by quiz and person, for reports that count who has not (app.learners_at_risk).
CREATE INDEX quiz_attempt_submitted_idx ON quiz_attempt (tenant_id, quiz_id, user_id) WHERE status = 'SUBMITTED';
