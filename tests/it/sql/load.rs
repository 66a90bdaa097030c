//! A school with a hundred thousand enrollments, and another that is half as big.

use crate::app::{PASSWORD, School, TestApp};

/// Somebody out of the many, who can sign in.
pub struct Somebody {
    pub email: String,
    pub id: String,
}

/// Fills both schools. Every trigger, and so every check of references, is off meanwhile: the rows are made consistent.
pub async fn load(app: &TestApp) {
    app.sql(
        "SET session_replication_role = replica;
         CREATE TEMPORARY TABLE size AS SELECT tenant_id, slug, CASE slug WHEN 'oak' THEN 2 ELSE 1 END AS size FROM tenant;
         CREATE TEMPORARY TABLE person AS
             SELECT tenant_id, slug, gen_random_uuid() AS id, n, n < 100 AS teaches FROM size, generate_series(0, 1000 * size - 1) AS n;
         INSERT INTO app_user (tenant_id, id, name, email, is_instructor, created_at)
             SELECT tenant_id, id, (ARRAY['Ada', 'Emmy', 'Grace', 'Sofja', 'Maria', 'Lise', 'Rosa', 'Hedy', 'Mary', 'Jane'])[1 + n % 10] || ' '
                 || (ARRAY['Lovelace', 'Noether', 'Hopper', 'Kowalewska', 'Curie', 'Meitner', 'Luxemburg'])[1 + n % 7] || ' ' || n,
                 'p' || n || '@' || slug || '.example', teaches, now() - make_interval(hours => n) FROM person;
         INSERT INTO user_role (tenant_id, user_id, role_id)
             SELECT p.tenant_id, p.id, r.id FROM person p JOIN role r ON r.tenant_id = p.tenant_id AND r.key = CASE WHEN teaches THEN 'INSTRUCTOR' ELSE 'LEARNER' END;
         UPDATE user_role SET ends_at = now() + interval '30 days' WHERE user_id IN (SELECT id FROM person WHERE n % 100 = 50);
         INSERT INTO user_permission (tenant_id, user_id, effect, permission) SELECT tenant_id, id, 'GRANT', 'GROUP_READ' FROM person WHERE n % 2 = 0;
         UPDATE app_user u SET username = 'p' || p.n FROM person p WHERE p.tenant_id = u.tenant_id AND p.id = u.id AND p.n > 99;
         CREATE TEMPORARY TABLE lesson AS SELECT tenant_id, gen_random_uuid() AS id, n FROM size, generate_series(0, 500 * size - 1) AS n;
         INSERT INTO course (tenant_id, id, title, description, instructor_id, status, tags, created_at)
             SELECT l.tenant_id, l.id, (ARRAY['Algebra', 'Botany', 'Chemistry', 'Drawing', 'English'])[1 + l.n % 5] || ' ' || l.n, 'An introduction for everybody', p.id,
                 (ARRAY['PUBLISHED', 'PUBLISHED', 'PUBLISHED', 'ARCHIVED', 'DRAFT'])[1 + l.n % 5], ARRAY['tag' || l.n % 50], now() - make_interval(hours => l.n)
             FROM lesson l JOIN person p ON p.tenant_id = l.tenant_id AND p.n = l.n % 100;
         INSERT INTO section (tenant_id, id, course_id, title, position)
             SELECT tenant_id, gen_random_uuid(), id, 'Part ' || p, p FROM lesson, generate_series(1, 5) AS p;
         INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, progress, enrolled_at)
             SELECT p.tenant_id, gen_random_uuid(), l.id, p.id, (ARRAY['NOT_STARTED', 'IN_PROGRESS', 'IN_PROGRESS', 'FAILED', 'DROPPED'])[1 + (p.n + k) % 5],
                 (p.n * k) % 100, now() - make_interval(mins => p.n + k * 997)
             FROM size s JOIN person p USING (tenant_id) CROSS JOIN generate_series(0, 49) AS k
             JOIN lesson l ON l.tenant_id = p.tenant_id AND l.n = (p.n * 7 + k * 10 * s.size) % (500 * s.size);
         CREATE TEMPORARY TABLE cohort AS SELECT tenant_id, gen_random_uuid() AS id, n FROM size, generate_series(0, 100 * size - 1) AS n;
         INSERT INTO user_group (tenant_id, id, name, created_at)
             SELECT tenant_id, id, (ARRAY['Autumn', 'Winter', 'Spring', 'Summer'])[1 + n % 4] || ' group ' || n, now() - make_interval(hours => n) FROM cohort;
         INSERT INTO group_member (tenant_id, group_id, user_id, joined_at)
             SELECT c.tenant_id, c.id, p.id, now() - make_interval(mins => k) FROM cohort c CROSS JOIN generate_series(0, 24) AS k
             JOIN person p ON p.tenant_id = c.tenant_id AND p.n = (c.n * 25 + k) % 1000;
         INSERT INTO group_course (tenant_id, group_id, course_id)
             SELECT c.tenant_id, c.id, l.id FROM cohort c CROSS JOIN generate_series(0, 2) AS k JOIN lesson l ON l.tenant_id = c.tenant_id AND l.n = (c.n * 3 + k) % 500;
         INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, course_id, starts_at, ends_at, status, created_at)
             SELECT s.tenant_id, gen_random_uuid(), p.id, CASE WHEN i % 3 = 0 THEN t.id END, CASE WHEN i % 10 > 4 THEN t.id END, l.id,
                 date_trunc('hour', now()) + make_interval(hours => (i / 100 - 60) * 12), date_trunc('hour', now()) + make_interval(hours => (i / 100 - 60) * 12 + 1),
                 (ARRAY['REQUESTED', 'REQUESTED', 'CANCELLED', 'CANCELLED', 'APPROVED', 'ASSIGNED', 'ASSIGNED', 'COMPLETED', 'COMPLETED', 'COMPLETED'])[1 + i % 10],
                 now() - make_interval(mins => i)
             FROM size s CROSS JOIN generate_series(0, 5999) AS half CROSS JOIN LATERAL generate_series(half * s.size, half * s.size + s.size - 1) AS serial(i)
             JOIN person t ON t.tenant_id = s.tenant_id AND t.n = i % 100 JOIN person p ON p.tenant_id = s.tenant_id AND p.n = 100 + (i * 13) % (1000 * s.size - 100)
             JOIN lesson l ON l.tenant_id = s.tenant_id AND l.n = i % 500;
         INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at)
             SELECT tenant_id, gen_random_uuid(), id, date_trunc('day', now()) + make_interval(days => d * 5), date_trunc('day', now()) + make_interval(days => d * 5, hours => 10)
             FROM person, generate_series(-30, 30) AS d WHERE teaches;
         INSERT INTO availability_rule (tenant_id, id, instructor_id, weekdays, from_time, until_time, time_zone, valid_from, created_at)
             SELECT tenant_id, gen_random_uuid(), id, '{MONDAY,WEDNESDAY,FRIDAY}', lpad(k::text, 2, '0') || ':00', lpad(k::text, 2, '0') || ':45', 'Europe/Berlin', '2026-01-01',
                 now() - make_interval(mins => n * 17 + k) FROM person, generate_series(6, 17) AS k WHERE teaches;
         CREATE TEMPORARY TABLE thing AS SELECT tenant_id, gen_random_uuid() AS id, n FROM size, generate_series(0, 1499) AS n;
         INSERT INTO resource (tenant_id, id, name, kind, location, tags, time_zone)
             SELECT tenant_id, id, (ARRAY['Room', 'Cessna', 'Van'])[1 + n % 3] || ' ' || n, (ARRAY['ROOM', 'AIRCRAFT', 'VEHICLE'])[1 + n % 3], 'Floor ' || n % 7, ARRAY['tag' || n % 50], 'Europe/Berlin' FROM thing;
         INSERT INTO time_off (tenant_id, id, instructor_id, resource_id, starts_at, ends_at, reason)
             SELECT p.tenant_id, gen_random_uuid(), CASE WHEN k % 4 > 0 THEN p.id END, CASE WHEN k % 4 = 0 THEN t.id END, now() + make_interval(days => k * 5 - 60),
                 now() + make_interval(days => k * 5 - 60, hours => 30), 'x'
             FROM person p JOIN thing t ON t.tenant_id = p.tenant_id AND t.n = p.n, generate_series(0, 24) AS k WHERE p.teaches;
         INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
             SELECT b.tenant_id, b.id, t.id, 1, 10, 10 FROM (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS n FROM booking WHERE status <> 'CANCELLED') AS b
             JOIN thing t ON t.tenant_id = b.tenant_id AND t.n = b.n % 1500;
         INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, code, resource, resource_id, correlation_id, at)
             SELECT p.tenant_id, gen_random_uuid(), p.id, (ARRAY['createCourse', 'enroll', 'login', 'recordProgress', 'approveBooking'])[1 + k % 5],
                 CASE WHEN k = 7 THEN 'REFUSED' ELSE 'CHANGED' END, CASE WHEN k = 7 THEN 'FORBIDDEN' END, (ARRAY['Course', 'Enrollment', 'Session', 'Enrollment', 'Booking'])[1 + k % 5], p.id, 'x',
                 now() - make_interval(mins => p.n * 17 + k)
             FROM person p, generate_series(0, 49) AS k;
         INSERT INTO job (tenant_id, id, kind, key, lane, state, is_spared, payload, subject, correlation, max_attempts, created_at, finished_at)
             SELECT p.tenant_id, gen_random_uuid(), 'purge.jobs', p.n || ':' || k, 'DEFAULT', CASE k WHEN 0 THEN 'QUEUED' WHEN 1 THEN 'DEAD' ELSE 'SUCCEEDED' END, false, '{}',
                 CASE WHEN k < 5 THEN 'user_' || p.n END, 'x', 8, now() - make_interval(mins => p.n * 17 + k), CASE WHEN k > 0 THEN now() END
             FROM person p, generate_series(0, 49) AS k;
         INSERT INTO webhook_endpoint (tenant_id, id, url, state, secret)
             SELECT tenant_id, gen_random_uuid(), 'https://hooks.example.invalid/' || n, 'PAUSED', '\\x00' FROM size, generate_series(1, 3) AS n;
         INSERT INTO webhook_event (tenant_id, id, type, body, at)
             SELECT p.tenant_id, p.id, 'course.created', '{}', now() - make_interval(mins => p.n * 17) FROM person p;
         INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, event_type, state, next_attempt_at, created_at)
             SELECT v.tenant_id, gen_random_uuid(), e.id, v.id, v.type, 'FAILED', NULL, v.at FROM webhook_event v JOIN webhook_endpoint e USING (tenant_id);
         INSERT INTO client_event (tenant_id, id, user_id, name, at)
             SELECT p.tenant_id, gen_random_uuid(), p.id, 'event.' || k % 5, now() - make_interval(mins => p.n * 17 + k) FROM person p, generate_series(0, 49) AS k;
         INSERT INTO notification (tenant_id, id, recipient_id, kind, subject, hour, event_id, facts, in_app, mail, read_at, created_at, updated_at)
             SELECT p.tenant_id, gen_random_uuid(), p.id, (ARRAY['ENROLLED', 'COURSE_PUBLISHED', 'BOOKING_APPROVED'])[1 + k % 3], 'course_' || k, now() - make_interval(hours => k), gen_random_uuid(),
                 jsonb_build_object('from', now(), 'until', now()), true, 'NONE', CASE WHEN k % 5 > 0 THEN now() END, now() - make_interval(hours => k), now() - make_interval(hours => k)
             FROM person p, generate_series(0, 49) AS k;
         INSERT INTO notification_settings (tenant_id, id, locale) SELECT p.tenant_id, p.id, 'de' FROM person p;
         INSERT INTO report_schedule (tenant_id, id, owner_id, dataset, frequency, hour, time_zone, next_run_at, created_at)
             SELECT p.tenant_id, p.id, p.id, 'BOOKINGS', 'DAILY', 7, 'UTC', now() + interval '1 day', now() - make_interval(mins => p.n * 17) FROM person p;
         INSERT INTO export_run (tenant_id, id, requested_by_id, dataset, name, time_zone, from_at, to_at, state, finished_at, schedule_id, period_starts_at, created_at)
             SELECT p.tenant_id, gen_random_uuid(), p.id, 'BOOKINGS', 'bookings.csv', 'UTC', now() - interval '1 day', now(), 'SUCCEEDED', now(), p.id,
                 now() - make_interval(days => k), now() - make_interval(mins => p.n * 17 + k) FROM person p, generate_series(0, 9) AS k;
         INSERT INTO import_run (tenant_id, id, started_by_id, format, source, dry_run, remove_missing, max_removals, notify, state, finished_at, created_at)
             SELECT p.tenant_id, p.id, p.id, 'USERS_CSV', 'default', false, false, 100, false, 'SUCCEEDED', now(), now() - make_interval(mins => p.n * 17) FROM person p;
         INSERT INTO import_issue (tenant_id, id, run_id, place, file, line, severity, reason, message)
             SELECT p.tenant_id, gen_random_uuid(), p.id, k, 'users.csv', k, (ARRAY['ERROR', 'WARNING'])[1 + k % 2], 'BAD_VALUE', 'x' FROM person p, generate_series(1, 20) AS k;
         INSERT INTO mail (tenant_id, id, key, template, locale, user_id, address, address_key, is_fixed, parameters, attachments, letterhead, subject, state, created_at)
             SELECT p.tenant_id, gen_random_uuid(), p.n || ':' || k, 'password_changed', 'en', p.id, 'p' || p.n || '@' || p.slug || '.example', 'p' || p.n || '@' || p.slug || '.example', false,
                 jsonb_build_object('at', now(), 'keys', ''), '[]', '{}', 'Mail ' || p.n, (ARRAY['SENT', 'SENT', 'BOUNCED', 'FAILED', 'SUPPRESSED'])[1 + k % 5], now() - make_interval(mins => p.n * 17 + k)
             FROM person p, generate_series(0, 49) AS k;
         -- Of a hundred thousand files the learner 777 sees fifty: 25 that are shown to the school, 25 that are shared with them.
         INSERT INTO file (tenant_id, id, upload_id, owner_id, name, content_type, size, sha256, folder, visibility, object, created_at)
             SELECT p.tenant_id, gen_random_uuid(), gen_random_uuid(), p.id, (ARRAY['Report', 'Notes', 'Picture'])[1 + k % 3] || ' ' || p.n || '-' || k || '.txt', 'text/plain',
                 p.n * 1000 + k, repeat('0', 64), 'folder-' || p.n % 50, CASE WHEN p.n < 25 AND k = 0 THEN 'TENANT' WHEN p.n < 25 AND k = 1 THEN 'SHARED' ELSE 'PRIVATE' END,
                 'schools/' || p.tenant_id || '/x/' || p.n || '_' || k, now() - make_interval(mins => p.n * 17 + k)
             FROM person p, generate_series(0, 49) AS k WHERE p.n <> 777;
         INSERT INTO file_audience (tenant_id, file_id, user_id)
             SELECT f.tenant_id, f.id, p.id FROM file f JOIN person p ON p.tenant_id = f.tenant_id AND p.n = 777 WHERE f.visibility = 'SHARED';
         INSERT INTO user_avatar (tenant_id, user_id, file_id) SELECT DISTINCT ON (f.tenant_id, f.owner_id) f.tenant_id, f.owner_id, f.id FROM file f ORDER BY 1, 2, 3;
         INSERT INTO upload (tenant_id, id, user_id, name, content_type, size, sha256, folder, expires_at, completed_at, file_id)
             SELECT f.tenant_id, f.upload_id, f.owner_id, f.name, f.content_type, f.size, f.sha256, f.folder, f.created_at, f.created_at, f.id FROM file f WHERE f.size > 0;
         INSERT INTO credential (tenant_id, user_id, password_hash)
             SELECT p.tenant_id, p.id, (SELECT password_hash FROM credential LIMIT 1) FROM person p WHERE p.n IN (7, 777);
         INSERT INTO session (tenant_id, id, user_id, user_agent, address, created_at, revoked_at, revoked_reason)
             SELECT p.tenant_id, gen_random_uuid(), p.id, 'Program/' || k, '203.0.113.' || k, now() - make_interval(hours => k), CASE WHEN k > 1 THEN now() END, CASE WHEN k > 1 THEN 'LOGOUT' END
             FROM person p, generate_series(0, 9) AS k;
         INSERT INTO refresh_token (tenant_id, token_hash, session_id, expires_at, created_at)
             SELECT s.tenant_id, sha256(uuid_send(s.id)), s.id, s.created_at + interval '30 days', s.created_at FROM session s;
         INSERT INTO api_key (tenant_id, id, owner_id, role_id, name, permissions, is_read_only, hint, created_at, expires_at)
             SELECT p.tenant_id, p.id, p.id, ur.role_id, 'Key ' || p.n, '{COURSE_READ}', true, 'abcd', now() - make_interval(mins => p.n * 17), now() + interval '30 days'
             FROM person p JOIN user_role ur ON ur.tenant_id = p.tenant_id AND ur.user_id = p.id;
         RESET session_replication_role;
         ANALYZE",
    )
    .await;
    assert!(app.count(&format!("enrollment WHERE tenant_id = '{}'", app.oak.tenant)).await >= 100_000);
    assert_eq!(PASSWORD.len(), 21, "the credentials above are copies of one that has this password");
}

/// The instructor number 7, or the learner number 777.
pub async fn somebody(app: &TestApp, school: &School, n: u32) -> Somebody {
    let email = format!("p{n}@{}.example", school.slug);
    let id = app.text(&format!("SELECT id::text FROM app_user WHERE email = '{email}'")).await.unwrap();
    Somebody { email, id }
}
