-- Who has completed a course before, has completed it.
UPDATE enrollment e SET first_completed_at = e.completed_at WHERE (e.tenant_id, e.id) IN (
    SELECT o.tenant_id, o.id FROM enrollment o WHERE o.status = 'COMPLETED' AND o.first_completed_at IS NULL AND o.completed_at IS NOT NULL LIMIT 1000)
