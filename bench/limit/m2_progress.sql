WITH e AS (
    UPDATE enrollment e SET progress = $3, status = 'IN_PROGRESS', completed_at = NULL WHERE e.tenant_id = $1 AND e.id = $2
    RETURNING e.id, e.status, e.progress, e.completed_at
)
SELECT json_build_object('recordProgress', json_build_object('id', e.id, 'status', e.status, 'progress', e.progress, 'completedAt', e.completed_at)) FROM e
