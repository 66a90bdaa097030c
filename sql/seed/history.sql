-- How a demo school came to be what it is, as its audit log tells it: the seed itself wrote no entry.

INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, before, after, correlation_id, at)
    SELECT pg_temp.id('tenant'), pg_temp.id('audit:' || h.operation || ':' || h.resource_id), h.actor_id, h.operation, 'CHANGED', h.resource, h.resource_id,
           h.before, h.after, substr(md5(h.operation || h.resource_id), 1, 16), h.at
    FROM (
        SELECT c.instructor_id, 'createCourse', 'Course', c.id, NULL::jsonb, pg_temp.kept(to_jsonb(c)) || '{"status": "DRAFT"}', c.created_at
        FROM course c WHERE c.tenant_id = pg_temp.id('tenant')
      UNION ALL
        SELECT c.instructor_id, 'publishCourse', 'Course', c.id, pg_temp.kept(to_jsonb(c)) || '{"status": "DRAFT"}', pg_temp.kept(to_jsonb(c)) || '{"status": "PUBLISHED"}',
               c.created_at + interval '40 minutes'
        FROM course c WHERE c.tenant_id = pg_temp.id('tenant') AND c.status <> 'DRAFT'
      UNION ALL
        SELECT pg_temp.id('user:admin'), 'archiveCourse', 'Course', c.id, pg_temp.kept(to_jsonb(c)) || '{"status": "PUBLISHED"}', pg_temp.kept(to_jsonb(c)), now() - interval '30 days'
        FROM course c WHERE c.tenant_id = pg_temp.id('tenant') AND c.status = 'ARCHIVED'
      UNION ALL
        SELECT pg_temp.id('user:admin'), 'createGroup', 'Group', g.id, NULL, pg_temp.kept(to_jsonb(g)), g.created_at
        FROM user_group g WHERE g.tenant_id = pg_temp.id('tenant')
      UNION ALL
        SELECT pg_temp.id('user:admin'), 'createUser', 'User', u.id, NULL, pg_temp.kept(to_jsonb(u)) || '{"status": "ACTIVE"}', u.created_at
        FROM app_user u WHERE u.tenant_id = pg_temp.id('tenant') AND u.deleted_at IS NULL AND u.id <> pg_temp.id('user:admin')
      UNION ALL
        SELECT pg_temp.id('user:admin'), 'suspendUser', 'User', u.id, pg_temp.kept(to_jsonb(u)) || '{"status": "ACTIVE"}', pg_temp.kept(to_jsonb(u)), now() - interval '12 days'
        FROM app_user u WHERE u.tenant_id = pg_temp.id('tenant') AND u.status = 'SUSPENDED'
      UNION ALL
        SELECT e.user_id, 'enroll', 'Enrollment', e.id, NULL,
               pg_temp.kept(to_jsonb(e)) || '{"status": "NOT_STARTED", "progress": 0, "completed_at": null}', e.enrolled_at
        FROM enrollment e WHERE e.tenant_id = pg_temp.id('tenant') AND e.enrolled_at > now() - interval '30 days' AND e.user_id <> pg_temp.id('user:gone')
      UNION ALL
        SELECT b.student_id, 'requestBooking', 'Booking', b.id, NULL,
               pg_temp.kept(to_jsonb(b)) || '{"status": "REQUESTED", "instructor_id": null, "cancel_reason": null}', b.created_at
        FROM booking b WHERE b.tenant_id = pg_temp.id('tenant')
      UNION ALL
        SELECT pg_temp.id('user:admin'), 'approveBooking', 'Booking', b.id, pg_temp.kept(to_jsonb(b)) || '{"status": "REQUESTED", "instructor_id": null}',
               pg_temp.kept(to_jsonb(b)) || '{"status": "APPROVED", "instructor_id": null}', b.created_at + interval '60 minutes'
        FROM booking b WHERE b.tenant_id = pg_temp.id('tenant') AND b.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED')
      UNION ALL
        SELECT pg_temp.id('user:admin'), 'assignBooking', 'Booking', b.id, pg_temp.kept(to_jsonb(b)) || '{"status": "APPROVED", "instructor_id": null}',
               pg_temp.kept(to_jsonb(b)) || '{"status": "ASSIGNED"}', b.created_at + interval '90 minutes'
        FROM booking b WHERE b.tenant_id = pg_temp.id('tenant') AND b.status IN ('ASSIGNED', 'COMPLETED')
      UNION ALL
        SELECT b.instructor_id, 'completeBooking', 'Booking', b.id, pg_temp.kept(to_jsonb(b)) || '{"status": "ASSIGNED"}', pg_temp.kept(to_jsonb(b)), b.ends_at
        FROM booking b WHERE b.tenant_id = pg_temp.id('tenant') AND b.status = 'COMPLETED'
      UNION ALL
        SELECT b.student_id, 'cancelBooking', 'Booking', b.id, pg_temp.kept(to_jsonb(b)) || '{"status": "REQUESTED", "cancel_reason": null}', pg_temp.kept(to_jsonb(b)),
               b.created_at + interval '30 minutes'
        FROM booking b WHERE b.tenant_id = pg_temp.id('tenant') AND b.status = 'CANCELLED'
    ) AS h(actor_id, operation, resource, resource_id, before, after, at)
    ORDER BY h.at;

-- And what was refused.
INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, code, reason, correlation_id, at)
    SELECT pg_temp.id('tenant'), pg_temp.id('audit:refused:' || r.name), pg_temp.id('user:' || r.actor), r.operation, 'REFUSED', r.resource, r.resource_id, r.code, r.reason,
           substr(md5('refused' || r.name), 1, 16), now() - r.ago
    FROM (VALUES
        ('draft', 'learner', 'createCourse', 'Course', NULL::uuid, 'FORBIDDEN', NULL, interval '6 days 3 hours'),
        ('full', 'learner', 'enroll', 'Enrollment', NULL, 'CONFLICT', 'COURSE_FULL', interval '4 days 1 hour'),
        ('role', 'viewer', 'setUserRoles', 'User', pg_temp.id('user:learner'), 'FORBIDDEN', NULL, interval '2 days 5 hours'),
        ('shift', 'admin', 'assignBooking', 'Booking', NULL, 'CONFLICT', 'OUTSIDE_AVAILABILITY', interval '26 hours')
    ) AS r(name, actor, operation, resource, resource_id, code, reason, ago);
