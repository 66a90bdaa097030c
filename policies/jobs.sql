-- policies/jobs.sql: jobs are made and moved by functions alone; whoever manages jobs sees them.

-- Claims look over all schools (app.claim_jobs, app.due_schools), and name the school in each change.
CALL app.raise_wall('job', searched => true);
CREATE POLICY job_read ON job FOR SELECT TO lectern_app USING ((SELECT app.can('JOB_MANAGE')));
CREATE POLICY definer_all ON job TO lectern_definer USING (true);
-- Not what it was asked for with, nor by what a worker holds it. (What only the audit log shows is among it.)
GRANT SELECT (tenant_id, id, kind, lane, state, subject, actor_id, correlation, run_at, attempts, max_attempts, started_at, finished_at, last_error, created_at)
    ON job TO lectern_app;
GRANT SELECT, INSERT, DELETE,
    UPDATE (state, run_at, attempts, losses, worker, lease, leased_until, started_at, finished_at, last_error) ON job TO lectern_definer;

-- The steps themselves belong to no tenant and are nobody's secret.
REVOKE ALL ON job_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON job_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;
