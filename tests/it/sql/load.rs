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
         CREATE TEMPORARY TABLE subject AS SELECT tenant_id, gen_random_uuid() AS id, n FROM size, generate_series(0, 500 * size - 1) AS n;
         INSERT INTO course (tenant_id, id, title, description, instructor_id, status, tags, created_at)
             SELECT l.tenant_id, l.id, (ARRAY['Algebra', 'Botany', 'Chemistry', 'Drawing', 'English'])[1 + l.n % 5] || ' ' || l.n, 'An introduction for everybody', p.id,
                 (ARRAY['PUBLISHED', 'PUBLISHED', 'PUBLISHED', 'ARCHIVED', 'DRAFT'])[1 + l.n % 5], ARRAY['tag' || l.n % 50], now() - make_interval(hours => l.n)
             FROM subject l JOIN person p ON p.tenant_id = l.tenant_id AND p.n = l.n % 100;
         INSERT INTO section (tenant_id, id, course_id, title, position)
             SELECT tenant_id, gen_random_uuid(), id, 'Part ' || p, p FROM subject, generate_series(1, 5) AS p;
         INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published)
             SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, 'TEXT', 'Lesson ' || n, n, true FROM section s, generate_series(1, 3) AS n;
         INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published, is_required, is_graded)
             SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, 'ASSIGNMENT', 'Work ' || s.position, 4, true, false, true FROM section s WHERE s.position < 4;
         INSERT INTO assignment (tenant_id, id, lesson_id, course_id, late_policy, due_at)
             SELECT l.tenant_id, gen_random_uuid(), l.id, l.course_id, 'PENALTY', now() FROM lesson l WHERE l.kind = 'ASSIGNMENT';
         INSERT INTO rubric_criterion (tenant_id, id, assignment_id, position, title, points)
             SELECT a.tenant_id, gen_random_uuid(), a.id, n, 'Criterion ' || n, 50 FROM assignment a, generate_series(1, 2) AS n;
         INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body) SELECT l.tenant_id, l.id, l.course_id, 'Read this.' FROM lesson l;
         INSERT INTO course_material (tenant_id, id, course_id, lesson_id, title, url)
             SELECT l.tenant_id, gen_random_uuid(), l.course_id, l.id, 'Page', 'https://example.org/' FROM lesson l WHERE l.position < 3;
         INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, progress, enrolled_at)
             SELECT p.tenant_id, gen_random_uuid(), l.id, p.id, (ARRAY['NOT_STARTED', 'IN_PROGRESS', 'IN_PROGRESS', 'FAILED', 'DROPPED'])[1 + (p.n + k) % 5],
                 (p.n * k) % 100, now() - make_interval(mins => p.n + k * 997)
             FROM size s JOIN person p USING (tenant_id) CROSS JOIN generate_series(0, 49) AS k
             JOIN subject l ON l.tenant_id = p.tenant_id AND l.n = (p.n * 7 + k * 10 * s.size) % (500 * s.size);
         INSERT INTO lesson_progress (tenant_id, enrollment_id, lesson_id, user_id, course_id, opened_at, last_opened_at, completed_at)
             SELECT e.tenant_id, e.id, l.id, e.user_id, e.course_id, now(), now(), CASE WHEN l.position = 1 THEN now() END
             FROM enrollment e JOIN lesson l ON l.tenant_id = e.tenant_id AND l.course_id = e.course_id AND l.position < 3 WHERE e.status = 'IN_PROGRESS';
         INSERT INTO submission (tenant_id, id, assignment_id, lesson_id, course_id, enrollment_id, user_id, number, text, submitted_at, status)
             SELECT e.tenant_id, gen_random_uuid(), a.id, a.lesson_id, a.course_id, e.id, e.user_id, 1, 'Work', e.enrolled_at, CASE WHEN e.progress < 50 THEN 'GRADED' ELSE 'SUBMITTED' END
             FROM enrollment e JOIN assignment a ON a.tenant_id = e.tenant_id AND a.course_id = e.course_id WHERE e.status = 'IN_PROGRESS' AND e.progress >= 20;
         INSERT INTO submission_grade (tenant_id, submission_id, user_id, course_id, version, points, graded_by_id, released_at)
             SELECT s.tenant_id, s.id, s.user_id, s.course_id, 2, 80, c.instructor_id, now() FROM submission s JOIN course c ON c.tenant_id = s.tenant_id AND c.id = s.course_id
             WHERE s.status = 'GRADED';
         INSERT INTO submission_event (tenant_id, id, submission_id, user_id, course_id, kind, by_id)
             SELECT s.tenant_id, gen_random_uuid(), s.id, s.user_id, s.course_id, 'SUBMITTED', s.user_id FROM submission s;
         INSERT INTO lesson_grade (tenant_id, enrollment_id, lesson_id, user_id, course_id, percent)
             SELECT s.tenant_id, s.enrollment_id, s.lesson_id, s.user_id, s.course_id, 80 FROM submission s WHERE s.status = 'GRADED';
         INSERT INTO enrollment_grade (tenant_id, enrollment_id, user_id, course_id, current_grade, final_grade)
             SELECT e.tenant_id, e.id, e.user_id, e.course_id, 80, e.progress FROM enrollment e;
         INSERT INTO extension (tenant_id, id, lesson_id, course_id, user_id, due_at, granted_by_id)
             SELECT e.tenant_id, gen_random_uuid(), a.lesson_id, a.course_id, e.user_id, now() + interval '1 day', e.user_id
             FROM enrollment e JOIN assignment a ON a.tenant_id = e.tenant_id AND a.course_id = e.course_id WHERE e.progress::integer % 20 = 7;
         INSERT INTO accommodation (tenant_id, user_id, time_factor) SELECT p.tenant_id, p.id, 1.5 FROM person p;
         INSERT INTO public.lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published, is_required)
             SELECT DISTINCT ON (s.tenant_id, s.course_id) s.tenant_id, gen_random_uuid(), s.course_id, s.id, 'QUIZ', 'Quiz', 5, true, false FROM section s ORDER BY 1, s.course_id, s.id;
         INSERT INTO quiz (tenant_id, id, lesson_id, course_id) SELECT l.tenant_id, gen_random_uuid(), l.id, l.course_id FROM public.lesson l WHERE l.kind = 'QUIZ';
         INSERT INTO question_pool (tenant_id, id, course_id, name) SELECT q.tenant_id, gen_random_uuid(), q.course_id, 'Pool ' || n FROM quiz q, generate_series(1, 2) AS n;
         INSERT INTO question (tenant_id, id, course_id, quiz_id, position, kind, prompt) SELECT q.tenant_id, gen_random_uuid(), q.course_id, q.id, n, 'SINGLE', 'Which?' FROM quiz q, generate_series(1, 4) AS n;
         INSERT INTO question (tenant_id, id, course_id, pool_id, kind, prompt) SELECT p.tenant_id, gen_random_uuid(), p.course_id, p.id, 'NUMERIC', 'How many?' FROM question_pool p, generate_series(1, 4) AS n;
         INSERT INTO question_option (tenant_id, question_id, position, text) SELECT q.tenant_id, q.id, n, 'Option ' || n FROM question q, generate_series(1, 3) AS n WHERE q.kind = 'SINGLE';
         INSERT INTO question_key (tenant_id, question_id, option_ids, number, tolerance)
             SELECT q.tenant_id, q.id, CASE WHEN q.kind = 'SINGLE' THEN ARRAY(SELECT o.id FROM question_option o WHERE o.tenant_id = q.tenant_id AND o.question_id = q.id LIMIT 1) END,
                 CASE WHEN q.kind = 'NUMERIC' THEN 1 END, CASE WHEN q.kind = 'NUMERIC' THEN 0 END FROM question q;
         INSERT INTO quiz_attempt (tenant_id, id, quiz_id, course_id, user_id, number, status, marking, wrong_penalty, started_at, submitted_at, score, max_score, percent, is_passed)
             SELECT e.tenant_id, gen_random_uuid(), q.id, q.course_id, e.user_id, 1, 'SUBMITTED', 'PARTIAL', 1, e.enrolled_at, e.enrolled_at, 2, 4, 50, true
             FROM enrollment e JOIN quiz q ON q.tenant_id = e.tenant_id AND q.course_id = e.course_id;
         INSERT INTO attempt_question (tenant_id, attempt_id, question_id, position, points, score, is_correct)
             SELECT a.tenant_id, a.id, q.id, q.position, 1, 1, true FROM quiz_attempt a JOIN question q ON q.tenant_id = a.tenant_id AND q.quiz_id = a.quiz_id WHERE right(a.id::text, 1) = '7';
         INSERT INTO score_change (tenant_id, id, attempt_id, cause, score) SELECT a.tenant_id, gen_random_uuid(), a.id, 'SUBMISSION', 2 FROM quiz_attempt a;
         INSERT INTO regrade (tenant_id, id, question_id, quiz_id, course_id, reason) SELECT q.tenant_id, gen_random_uuid(), q.id, q.quiz_id, q.course_id, 'Wrong key' FROM question q;
         INSERT INTO unlock_override (tenant_id, id, course_id, user_id)
             SELECT e.tenant_id, gen_random_uuid(), e.course_id, e.user_id FROM enrollment e WHERE e.progress::integer % 20 = 7;
         INSERT INTO course_instructor (tenant_id, course_id, user_id)
             SELECT l.tenant_id, l.id, p.id FROM subject l JOIN person p ON p.tenant_id = l.tenant_id AND p.n = (l.n + 1) % 100;
         CREATE TEMPORARY TABLE way AS SELECT tenant_id, gen_random_uuid() AS id, n FROM size, generate_series(0, 1999) AS n;
         INSERT INTO learning_path (tenant_id, id, title, status) SELECT w.tenant_id, w.id, 'Path ' || w.n, 'PUBLISHED' FROM way w;
         INSERT INTO path_course (tenant_id, path_id, course_id, position, unlock)
             SELECT w.tenant_id, w.id, l.id, k + 1, 'NONE' FROM way w CROSS JOIN generate_series(0, 2) AS k JOIN subject l ON l.tenant_id = w.tenant_id AND l.n = (w.n * 3 + k) % 500;
         INSERT INTO path_enrollment (tenant_id, id, path_id, user_id, status, enrolled_at)
             SELECT p.tenant_id, gen_random_uuid(), w.id, p.id, 'IN_PROGRESS', now() - make_interval(mins => p.n * 7 + k)
             FROM person p CROSS JOIN generate_series(0, 4) AS k JOIN way w ON w.tenant_id = p.tenant_id AND w.n = (p.n * 5 + k) % 2000;
         INSERT INTO path_step (tenant_id, path_enrollment_id, course_id)
             SELECT pe.tenant_id, pe.id, pc.course_id FROM path_enrollment pe JOIN path_course pc ON pc.tenant_id = pe.tenant_id AND pc.path_id = pe.path_id AND pc.position = 1;
         INSERT INTO course_prerequisite (tenant_id, course_id, requires_id, position)
             SELECT l.tenant_id, l.id, o.id, 1 FROM subject l JOIN subject o ON o.tenant_id = l.tenant_id AND o.n = l.n + 1;
         INSERT INTO course_certificate (tenant_id, course_id) SELECT l.tenant_id, l.id FROM lesson l;
         INSERT INTO path_certificate (tenant_id, path_id) SELECT w.tenant_id, w.id FROM way w;
         INSERT INTO certificate (tenant_id, id, code, user_id, course_id, learner_name, title, school_name, issued_at, expires_at)
             SELECT e.tenant_id, gen_random_uuid(), app.certificate_code(), e.user_id, e.course_id, 'Somebody', 'Something', 'A school', e.enrolled_at,
                 now() + make_interval(hours => e.progress::integer)
             FROM enrollment e WHERE e.status = 'IN_PROGRESS' AND e.progress < 50;
         CREATE TEMPORARY TABLE cohort AS SELECT tenant_id, gen_random_uuid() AS id, n FROM size, generate_series(0, 100 * size - 1) AS n;
         INSERT INTO user_group (tenant_id, id, name, created_at)
             SELECT tenant_id, id, (ARRAY['Autumn', 'Winter', 'Spring', 'Summer'])[1 + n % 4] || ' group ' || n, now() - make_interval(hours => n) FROM cohort;
         INSERT INTO group_member (tenant_id, group_id, user_id, joined_at)
             SELECT c.tenant_id, c.id, p.id, now() - make_interval(mins => k) FROM cohort c CROSS JOIN generate_series(0, 24) AS k
             JOIN person p ON p.tenant_id = c.tenant_id AND p.n = (c.n * 25 + k) % 1000;
         INSERT INTO group_course (tenant_id, group_id, course_id)
             SELECT c.tenant_id, c.id, l.id FROM cohort c CROSS JOIN generate_series(0, 2) AS k JOIN subject l ON l.tenant_id = c.tenant_id AND l.n = (c.n * 3 + k) % 500;
         INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, course_id, starts_at, ends_at, status, created_at)
             SELECT s.tenant_id, gen_random_uuid(), p.id, CASE WHEN i % 3 = 0 THEN t.id END, CASE WHEN i % 10 > 4 THEN t.id END, l.id,
                 date_trunc('hour', now()) + make_interval(hours => (i / 100 - 60) * 12), date_trunc('hour', now()) + make_interval(hours => (i / 100 - 60) * 12 + 1),
                 (ARRAY['REQUESTED', 'REQUESTED', 'CANCELLED', 'CANCELLED', 'APPROVED', 'ASSIGNED', 'ASSIGNED', 'COMPLETED', 'COMPLETED', 'COMPLETED'])[1 + i % 10],
                 now() - make_interval(mins => i)
             FROM size s CROSS JOIN generate_series(0, 5999) AS half CROSS JOIN LATERAL generate_series(half * s.size, half * s.size + s.size - 1) AS serial(i)
             JOIN person t ON t.tenant_id = s.tenant_id AND t.n = i % 100 JOIN person p ON p.tenant_id = s.tenant_id AND p.n = 100 + (i * 13) % (1000 * s.size - 100)
             JOIN subject l ON l.tenant_id = s.tenant_id AND l.n = i % 500;
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
         INSERT INTO calendar_feed (tenant_id, id, owner_id, name, secret_hash, hint)
             SELECT tenant_id, gen_random_uuid(), id, 'Phone', sha256(uuid_send(id)), 'abcd' FROM person WHERE teaches;
         INSERT INTO busy_source (tenant_id, id, instructor_id, name, content, time_zone, state, block_count, next_fetch_at)
             SELECT tenant_id, id, id, 'Private', '\\x00', 'Europe/Berlin', 'OK', 50, now() + interval '1 day' FROM person WHERE teaches;
         INSERT INTO busy_block (tenant_id, source_id, starts_at, ends_at, instructor_id)
             SELECT tenant_id, id, now() + make_interval(hours => k * 60 - 500), now() + make_interval(hours => k * 60 - 499), id FROM person, generate_series(0, 49) AS k WHERE teaches;
         INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
             SELECT b.tenant_id, b.id, t.id, 1, 10, 10 FROM (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS n FROM booking WHERE status <> 'CANCELLED') AS b
             JOIN thing t ON t.tenant_id = b.tenant_id AND t.n = b.n % 1500;
         CREATE TEMPORARY TABLE kind AS SELECT tenant_id, gen_random_uuid() AS id, n FROM size, generate_series(0, 299) AS n;
         INSERT INTO booking_type (tenant_id, id, name, durations, reminder_minutes)
             SELECT tenant_id, id, (ARRAY['Flight', 'Check', 'Talk'])[1 + n % 3] || ' ' || n, '{60}', '{1440}' FROM kind;
         INSERT INTO booking_type_instructor (tenant_id, type_id, instructor_id, place)
             SELECT k.tenant_id, k.id, p.id, 1 + p.n FROM kind k JOIN person p ON p.tenant_id = k.tenant_id AND p.teaches AND p.n % 30 = k.n % 30 AND p.n < 200;
         INSERT INTO booking_type_requirement (tenant_id, type_id, place, name) SELECT tenant_id, id, q, 'Part ' || q FROM kind, generate_series(1, 4) AS q;
         INSERT INTO booking_type_resource (tenant_id, type_id, resource_id, requirement, place)
             SELECT k.tenant_id, k.id, t.id, 1 + t.n % 4, 1 + t.n / 300 FROM kind k JOIN thing t ON t.tenant_id = k.tenant_id AND t.n % 300 = k.n;
         INSERT INTO booking_type_rule (tenant_id, type_id, place, kind, max_count) SELECT tenant_id, id, p, 'MAX_NO_SHOWS', 3 FROM kind, generate_series(1, 3) AS p;
         INSERT INTO booking_type_rule (tenant_id, type_id, place, kind, subject_ids, subjects)
             SELECT k.tenant_id, k.id, 4, 'COURSE_ENROLLED', ARRAY[c.id], ARRAY[app.type_id('course', c.id)]
             FROM kind k JOIN LATERAL (SELECT c.id FROM course c WHERE c.tenant_id = k.tenant_id ORDER BY c.id LIMIT 1) AS c ON true;
         INSERT INTO instructor_limit (tenant_id, user_id, max_minutes_per_day) SELECT tenant_id, id, 600 FROM person;
         UPDATE booking b SET booking_type_id = k.id
             FROM (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS n FROM booking) AS o JOIN kind k ON k.tenant_id = o.tenant_id AND k.n = o.n % 300
             WHERE b.tenant_id = o.tenant_id AND b.id = o.id;
         INSERT INTO booking_assignment (tenant_id, booking_id, strategy, reason, at, candidates)
             SELECT b.tenant_id, b.id, 'ROUND_ROBIN', 'In turn.', now(), '[]' FROM booking b WHERE b.instructor_id IS NOT NULL;
         INSERT INTO slot_hold (tenant_id, id, booking_type_id, owner_id, learner_id, starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, expires_at, booking_id)
             SELECT b.tenant_id, gen_random_uuid(), b.booking_type_id, b.student_id, b.student_id, b.starts_at, b.ends_at, 0, 0, now() + make_interval(mins => abs(hashtext(b.id::text)) % 600 - 300), NULL
             FROM (SELECT tenant_id, id, booking_type_id, student_id, starts_at, ends_at, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS n FROM booking) AS b WHERE b.n <= 3000;
         INSERT INTO slot_hold_resource (tenant_id, hold_id, resource_id, place, setup_minutes, teardown_minutes)
             SELECT h.tenant_id, h.id, x.resource_id, x.requirement, 0, 0 FROM slot_hold h JOIN booking_type_resource x ON x.tenant_id = h.tenant_id AND x.type_id = h.booking_type_id AND x.place = 1
             ON CONFLICT DO NOTHING;
         CREATE TEMPORARY TABLE class AS
             SELECT k.tenant_id, gen_random_uuid() AS id, k.id AS type_id, k.n * 7 + s AS n, date_trunc('hour', now()) + make_interval(days => s * 12 - 40, hours => k.n % 12) AS at
             FROM kind k, generate_series(0, 6) AS s;
         INSERT INTO group_session (tenant_id, id, booking_type_id, starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, seats, is_opened)
             SELECT tenant_id, id, type_id, at, at + interval '1 hour', 0, 0, 12, true FROM class;
         INSERT INTO group_session_resource (tenant_id, group_session_id, resource_id, place, setup_minutes, teardown_minutes)
             SELECT c.tenant_id, c.id, x.resource_id, 1, 0, 0 FROM class c JOIN booking_type_resource x ON x.tenant_id = c.tenant_id AND x.type_id = c.type_id AND x.requirement = 1 AND x.place = 1
             ON CONFLICT DO NOTHING;
         CREATE TEMPORARY TABLE round AS SELECT tenant_id, gen_random_uuid() AS id, id AS person_id, n FROM person WHERE n < 2000;
         INSERT INTO booking_series (tenant_id, id, booking_type_id, learner_id, recurrence, time_zone)
             SELECT r.tenant_id, r.id, k.id, r.person_id, 'FREQ=WEEKLY;COUNT=9', 'UTC' FROM round r JOIN kind k ON k.tenant_id = r.tenant_id AND k.n = r.n % 300;
         UPDATE booking b SET series_id = r.id, series_starts_at = b.starts_at FROM round r WHERE b.tenant_id = r.tenant_id AND b.student_id = r.person_id AND b.status <> 'REQUESTED';
         INSERT INTO waitlist_entry (tenant_id, id, learner_id, booking_type_id, group_session_id, starts_at, ends_at, created_at)
             SELECT p.tenant_id, gen_random_uuid(), p.id, c.type_id, c.id, c.at, c.at + interval '1 hour', now() - make_interval(mins => p.n)
             FROM person p JOIN class c ON c.tenant_id = p.tenant_id AND c.n = p.n % 2100 AND p.n < 2100;
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
         INSERT INTO submission_file (tenant_id, submission_id, file_id, position)
             SELECT s.tenant_id, s.id, f.id, 1 FROM submission s JOIN LATERAL (SELECT o.id FROM file o WHERE o.tenant_id = s.tenant_id AND o.owner_id = s.user_id LIMIT 1) AS f ON true;
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
             SELECT p.tenant_id, gen_random_uuid(), p.id, ur.role_id, 'Key ' || p.n || '-' || k, '{COURSE_READ}', true, 'abcd', now() - make_interval(mins => p.n * 17 + k),
                 now() + interval '30 days'
             FROM person p JOIN user_role ur ON ur.tenant_id = p.tenant_id AND ur.user_id = p.id CROSS JOIN generate_series(0, 4) AS k;
         INSERT INTO announcement (tenant_id, id, course_id, author_id, title, body, publish_at, told_at)
             SELECT c.tenant_id, gen_random_uuid(), c.id, c.instructor_id, 'News ' || n, 'Read this.', now() - make_interval(hours => n), now() FROM course c, generate_series(1, 5) AS n;
         INSERT INTO thread (tenant_id, id, course_id, author_id, title, body, listed_at, created_at)
             SELECT c.tenant_id, gen_random_uuid(), c.id, c.instructor_id, 'Thread ' || n, 'I wonder.', now() - make_interval(hours => n), now() - make_interval(hours => n)
             FROM course c, generate_series(1, 30) AS n;
         INSERT INTO post (tenant_id, id, course_id, thread_id, author_id, body, is_staff, created_at)
             SELECT t.tenant_id, gen_random_uuid(), t.course_id, t.id, t.author_id, 'So.', true, t.created_at + make_interval(mins => n) FROM thread t, generate_series(1, 3) AS n;
         INSERT INTO course_review (tenant_id, id, course_id, user_id, rating, created_at)
             SELECT e.tenant_id, gen_random_uuid(), e.course_id, e.user_id, 1 + e.progress::integer % 5, e.enrolled_at FROM enrollment e WHERE e.progress::integer % 10 = 3;
         UPDATE course c SET mean_rating = 1 + abs(hashtext(c.id::text)) % 5, review_count = 10;
         CREATE TEMPORARY TABLE camp AS SELECT tenant_id, gen_random_uuid() AS id, n FROM size, generate_series(0, 19) AS n;
         INSERT INTO program (tenant_id, id, slug, name, status, currencies, review_strategy, form_version, created_at)
             SELECT tenant_id, id, 'camp-' || n, 'Camp ' || n, 'ACTIVE', '{EUR}', 'WEIGHTED', 1, now() - make_interval(hours => n) FROM camp;
         INSERT INTO program_places (tenant_id, program_id, taken, waiting) SELECT tenant_id, id, 200, 200 FROM camp;
         INSERT INTO program_reviewer (tenant_id, program_id, user_id, position)
             SELECT c.tenant_id, c.id, p.id, 1 FROM camp c JOIN person p ON p.tenant_id = c.tenant_id AND p.n = c.n;
         INSERT INTO application (tenant_id, id, program_id, user_id, status, answers, form_version, waitlisted_at, submitted_at, decided_at, accepted_at, created_at)
             SELECT p.tenant_id, gen_random_uuid(), c.id, p.id, s.status, jsonb_build_object('diet', 'vegan'), 1, CASE WHEN s.status = 'WAITLISTED' THEN s.at END,
                 CASE WHEN s.status <> 'DRAFT' THEN s.at END, CASE WHEN s.status IN ('ACCEPTED', 'REJECTED') THEN s.at END, CASE WHEN s.status = 'ACCEPTED' THEN s.at END, s.at
             FROM person p JOIN camp c ON c.tenant_id = p.tenant_id CROSS JOIN LATERAL (SELECT
                 (ARRAY['DRAFT', 'IN_REVIEW', 'IN_REVIEW', 'ACCEPTED', 'REJECTED', 'WAITLISTED', 'WITHDRAWN'])[1 + (p.n + c.n) % 7] AS status, now() - make_interval(mins => p.n * 17 + c.n) AS at) AS s
             WHERE p.n % 20 <> c.n;
         INSERT INTO application_secret (tenant_id, application_id, user_id, answers)
             SELECT a.tenant_id, a.id, a.user_id, jsonb_build_object('health', 'well') FROM application a WHERE right(a.id::text, 1) = '7';
         INSERT INTO application_event (tenant_id, id, application_id, at, from_status, to_status, answers, form_version, actor_id)
             SELECT a.tenant_id, gen_random_uuid(), a.id, a.created_at, NULL, 'DRAFT', a.answers, 1, a.user_id FROM application a;
         INSERT INTO application_event_secret (tenant_id, event_id, user_id, answers)
             SELECT e.tenant_id, e.id, e.actor_id, jsonb_build_object('health', 'well') FROM application_event e WHERE right(e.id::text, 1) = '7';
         INSERT INTO application_review (tenant_id, id, application_id, reviewer_id, decision, created_at)
             SELECT a.tenant_id, gen_random_uuid(), a.id, r.user_id, 'YES', a.created_at FROM application a JOIN program_reviewer r ON r.tenant_id = a.tenant_id AND r.program_id = a.program_id
             WHERE a.status <> 'DRAFT' AND right(a.id::text, 1) < '8';
         INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, email, email_key, user_id, issued_tickets, created_at)
             SELECT a.tenant_id, gen_random_uuid(), a.id, a.program_id, 'MAIN', u.name, u.email, lower(u.email), u.id, CASE WHEN a.status = 'ACCEPTED' THEN 1 ELSE 0 END, a.created_at
             FROM application a JOIN app_user u ON u.tenant_id = a.tenant_id AND u.id = a.user_id;
         INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, email, email_key, created_at)
             SELECT a.tenant_id, gen_random_uuid(), a.id, a.program_id, 'SPOUSE', 'Spouse ' || right(a.id::text, 6), 's' || right(a.id::text, 6) || '@x.example', 's' || right(a.id::text, 6) || '@x.example', a.created_at
             FROM application a WHERE right(a.id::text, 1) < '8';
         CREATE TEMPORARY TABLE stall AS SELECT c.tenant_id, c.id AS program_id, gen_random_uuid() AS id FROM camp c;
         INSERT INTO product (tenant_id, id, program_id, name, kind, duration) SELECT tenant_id, id, program_id, 'Week', 'TICKET', 'FULL' FROM stall;
         INSERT INTO product_price (tenant_id, product_id, program_id, currency, amount, position) SELECT tenant_id, id, program_id, 'EUR', 1000, 1 FROM stall;
         INSERT INTO product_stock (tenant_id, product_id, held) SELECT tenant_id, id, 1000 FROM stall;
         CREATE TEMPORARY TABLE sale AS
             SELECT a.tenant_id, a.id AS application_id, a.program_id, a.user_id, s.id AS product_id, t.id AS attendee_id, gen_random_uuid() AS order_id, gen_random_uuid() AS line_id,
                 a.created_at + make_interval(mins => k) AS at, k = 0 AS is_paid, row_number() OVER () AS n
             FROM application a JOIN stall s ON s.program_id = a.program_id JOIN attendee t ON t.tenant_id = a.tenant_id AND t.application_id = a.id AND t.kind = 'MAIN'
             CROSS JOIN generate_series(0, 11) AS k WHERE a.status = 'ACCEPTED';
         INSERT INTO sales_order (tenant_id, id, reference, kind, program_id, application_id, buyer_id, status, currency, subtotal, total, paid, paid_at, created_at)
             SELECT tenant_id, order_id, translate(lpad(upper(to_hex(n)), 8, '0'), '01', 'GH'), 'PURCHASE', program_id, application_id, user_id, CASE WHEN is_paid THEN 'PAID' ELSE 'EXPIRED' END, 'EUR',
                 1000, 1000, CASE WHEN is_paid THEN 1000 ELSE 0 END, CASE WHEN is_paid THEN at END, at FROM sale;
         INSERT INTO order_line (tenant_id, id, order_id, position, product_id, attendee_id, name, kind, quantity, unit_price, subtotal, total)
             SELECT tenant_id, line_id, order_id, 0, product_id, attendee_id, 'Week', 'TICKET', 1, 1000, 1000, 1000 FROM sale;
         INSERT INTO ticket (tenant_id, id, order_id, order_line_id, program_id, application_id, product_id, attendee_id, status, price, currency, kind, code_hash, checked_in_at, created_at)
             SELECT tenant_id, gen_random_uuid(), order_id, line_id, program_id, application_id, product_id, attendee_id, CASE WHEN is_paid THEN 'ISSUED' ELSE 'CANCELLED' END, 1000, 'EUR', 'TICKET',
                 sha256(uuid_send(line_id)), CASE WHEN is_paid THEN now() - random() * interval '20 days' END, at FROM sale;
         INSERT INTO payment (tenant_id, id, order_id, provider, status, amount, currency, reference, attention, settled_at, created_at)
             SELECT tenant_id, gen_random_uuid(), order_id, CASE WHEN n % 3 = 0 THEN 'MANUAL' ELSE 'TEST' END, CASE WHEN is_paid THEN 'APPROVED' ELSE 'EXPIRED' END, 1000, 'EUR', 'LOAD',
                 CASE WHEN n % 500 = 0 THEN 'LATE' END, at, at FROM sale;
         INSERT INTO payment_event (tenant_id, provider, event_id, type, payment_id, outcome, received_at)
             SELECT p.tenant_id, p.provider, 'evt-' || p.id, 'payment.approved', p.id, 'APPLIED', p.created_at FROM payment p WHERE p.status = 'APPROVED';
         CREATE TEMPORARY TABLE booked AS SELECT s.*, gen_random_uuid() AS entry_id FROM sale s WHERE s.is_paid;
         INSERT INTO ledger_entry (tenant_id, id, kind, application_id, program_id, order_id, at) SELECT tenant_id, entry_id, 'SALE', application_id, program_id, order_id, at FROM booked;
         INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id, product_id, at)
             SELECT b.tenant_id, b.entry_id, w.n, w.account, w.amount, 'EUR', b.program_id, CASE w.n WHEN 2 THEN b.product_id END, b.at
             FROM booked b CROSS JOIN (VALUES (1, 'CUSTOMER', 1000), (2, 'REVENUE', -1000)) AS w(n, account, amount);
         INSERT INTO invoice (tenant_id, id, kind, number, code, order_id, total, tax, currency, document, issued_at)
             SELECT tenant_id, gen_random_uuid(), 'INVOICE', row_number() OVER (PARTITION BY tenant_id ORDER BY at, order_id), 'LOAD-' || n, order_id, 1000, 0, 'EUR', '{}', at FROM booked;
         INSERT INTO coupon (tenant_id, id, program_id, code, percent_off, created_at)
             SELECT c.tenant_id, gen_random_uuid(), c.id, 'CODE-' || k, 1000, now() - make_interval(mins => k) FROM camp c, generate_series(1, 10) AS k;
         INSERT INTO coupon_uses (tenant_id, coupon_id) SELECT tenant_id, id FROM coupon;
         INSERT INTO referral (tenant_id, id, program_id, owner_id, code, created_at)
             SELECT a.tenant_id, gen_random_uuid(), a.program_id, a.user_id, 'R-' || upper(right(a.id::text, 12)), a.created_at FROM application a WHERE a.status = 'ACCEPTED' AND right(a.id::text, 1) < '2';
         INSERT INTO referral_uses (tenant_id, referral_id) SELECT tenant_id, id FROM referral;
         INSERT INTO points_entry (tenant_id, id, user_id, rule, points, source, course_id, at)
             SELECT e.tenant_id, gen_random_uuid(), e.user_id, 'COURSE_COMPLETED', 100, e.course_id::text, e.course_id, e.enrolled_at FROM enrollment e;
         INSERT INTO reward_standing (tenant_id, user_id, points) SELECT e.tenant_id, e.user_id, sum(e.points) FROM points_entry e GROUP BY 1, 2;
         INSERT INTO course_points (tenant_id, course_id, user_id, points) SELECT e.tenant_id, e.course_id, e.user_id, e.points FROM points_entry e;
         INSERT INTO badge (tenant_id, id, name, rule) SELECT tenant_id, gen_random_uuid(), 'Badge ' || n, 'MANUAL' FROM size, generate_series(1, 50) AS n;
         INSERT INTO badge_award (tenant_id, badge_id, user_id) SELECT p.tenant_id, b.id, p.id FROM person p JOIN badge b ON b.tenant_id = p.tenant_id WHERE p.n % 10 = 7;
         INSERT INTO project (tenant_id, id, name, description, owner_id, created_at)
             SELECT p.tenant_id, p.id, (ARRAY['Winter', 'Spring', 'Summer'])[1 + p.n % 3] || ' plan ' || p.n, 'What is to be done', p.id, now() - make_interval(mins => p.n)
             FROM person p WHERE p.n < 1500;
         INSERT INTO project_member (tenant_id, project_id, user_id, role, joined_at)
             SELECT r.tenant_id, r.id, r.owner_id, 'MANAGER', r.created_at FROM project r
             UNION ALL SELECT r.tenant_id, r.id, p.id, 'MEMBER', now() FROM project r JOIN person o ON o.tenant_id = r.tenant_id AND o.id = r.owner_id AND o.n % 50 = 3
                 JOIN person p ON p.tenant_id = r.tenant_id AND p.n IN (7, 777);
         INSERT INTO agent (tenant_id, id, project_id, name, description, kind, temperature, max_tokens, system_prompt, created_by_id, created_at)
             SELECT r.tenant_id, r.id, r.id, 'Agent of ' || r.name, 'Answers', 'CUSTOM', 0.3, 1000, 'You help.', r.owner_id, r.created_at FROM project r;
         INSERT INTO agent (tenant_id, id, name, kind, temperature, max_tokens, system_prompt, created_at)
             SELECT tenant_id, gen_random_uuid(), 'Tutor ' || n, 'TUTOR', 0.3, 1000, 'You teach.', now() - make_interval(mins => n) FROM size, generate_series(1, 20) AS n;
         INSERT INTO agent_version (tenant_id, id, agent_id, version, temperature, max_tokens, system_prompt, tools, knowledge_base_ids)
             SELECT a.tenant_id, gen_random_uuid(), a.id, a.version, a.temperature, a.max_tokens, a.system_prompt, a.tools, a.knowledge_base_ids FROM agent a;
         INSERT INTO conversation (tenant_id, id, owner_id, agent_id, title, last_message_at, created_at)
             SELECT p.tenant_id, gen_random_uuid(), p.id, (SELECT a.id FROM agent a WHERE a.tenant_id = p.tenant_id AND a.project_id IS NULL ORDER BY a.name OFFSET k % 20 LIMIT 1),
                 'About ' || (ARRAY['lift', 'drag', 'weather'])[1 + k % 3] || ' ' || k, now() - make_interval(hours => k), now() - make_interval(hours => k + 1)
             FROM person p, generate_series(0, 19) AS k WHERE p.n % 10 = 7;
         CREATE TEMPORARY TABLE turn AS SELECT c.tenant_id, c.id AS conversation_id, c.owner_id, c.agent_id, c.created_at, n, gen_random_uuid() AS id FROM conversation c, generate_series(0, 5) AS n;
         INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content, agent_id, agent_version, model, author_id, created_at, finished_at)
             SELECT t.tenant_id, t.id, t.conversation_id, t.owner_id, u.id, t.n, CASE WHEN t.n % 2 = 0 THEN 'USER' ELSE 'ASSISTANT' END, 'COMPLETED', true, 'Words number ' || t.n || ' of somebody',
                 CASE WHEN t.n % 2 = 1 THEN t.agent_id END, CASE WHEN t.n % 2 = 1 THEN 1 END, CASE WHEN t.n % 2 = 1 THEN 'default' END, CASE WHEN t.n % 2 = 0 THEN t.owner_id END,
                 t.created_at + make_interval(secs => t.n), CASE WHEN t.n % 2 = 1 THEN t.created_at + make_interval(secs => t.n) END
             FROM turn t LEFT JOIN turn u ON u.tenant_id = t.tenant_id AND u.conversation_id = t.conversation_id AND u.n = t.n - 1;
         UPDATE conversation c SET active_leaf_id = t.id FROM turn t WHERE t.tenant_id = c.tenant_id AND t.conversation_id = c.id AND t.n = 5;
         INSERT INTO knowledge_base (tenant_id, id, name, created_by_id, created_at)
             SELECT p.tenant_id, p.id, 'Base ' || p.n, p.id, now() - make_interval(mins => p.n) FROM person p WHERE p.n < 1500;
         INSERT INTO document (tenant_id, id, title, text, media_type, byte_size, state, character_count, passage_count, created_by_id, created_at, processed_at)
             SELECT p.tenant_id, p.id, 'Manual ' || p.n, 'x', 'text/plain', 1, 'COMPLETED', 100, 2, p.id, now() - make_interval(mins => p.n), now() FROM person p WHERE p.n < 3000;
         INSERT INTO passage (tenant_id, document_id, position, revision, text)
             SELECT d.tenant_id, d.id, n, 1, 'Passage ' || n || ' of ' || d.title || ' on ' || (ARRAY['crosswind', 'weather', 'fuel'])[1 + n] FROM document d, generate_series(1, 2) AS n;
         INSERT INTO knowledge_base_document (tenant_id, knowledge_base_id, document_id)
             SELECT k.tenant_id, k.id, d.id FROM knowledge_base k JOIN document d ON d.tenant_id = k.tenant_id AND d.id = k.id;
         INSERT INTO generation (tenant_id, id, kind, state, requested_by_id, client_request_id, request_digest, topic, model, created_at, finished_at)
             SELECT p.tenant_id, gen_random_uuid(), 'COURSE', 'COMPLETED', p.id, 'load-' || k, '\\x00', 'Topic ' || k, 'default', now() - make_interval(hours => k), now()
             FROM person p, generate_series(1, 20) AS k WHERE p.n % 10 = 7;
         INSERT INTO message_feedback (tenant_id, id, message_id, owner_id, agent_id, agent_version, rating, created_at)
             SELECT t.tenant_id, gen_random_uuid(), t.id, t.owner_id, t.agent_id, 1, CASE WHEN t.n = 1 THEN 'HELPFUL' ELSE 'UNHELPFUL' END, t.created_at FROM turn t WHERE t.n IN (1, 3);
         INSERT INTO check_in (tenant_id, id, program_id, client_id, outcome, ticket_id, attendee_name, product_name, station, admits_on, scanned_at)
             SELECT t.tenant_id, gen_random_uuid(), t.program_id, t.id::text, 'ADMITTED', t.id, 'Somebody', 'Entry', 'Gate', '-infinity', t.checked_in_at
             FROM ticket t WHERE t.status = 'ISSUED';
         RESET session_replication_role",
    )
    .await;
    // As autovacuum leaves it: which pages everybody sees is known.
    app.sql("VACUUM ANALYZE").await;
    assert!(app.count(&format!("enrollment WHERE tenant_id = '{}'", app.oak.tenant)).await >= 100_000);
    assert_eq!(PASSWORD.len(), 21, "the credentials above are copies of one that has this password");
}

/// The instructor number 7, or the learner number 777.
pub async fn somebody(app: &TestApp, school: &School, n: u32) -> Somebody {
    let email = format!("p{n}@{}.example", school.slug);
    let id = app.text(&format!("SELECT id::text FROM app_user WHERE email = '{email}'")).await.unwrap();
    Somebody { email, id }
}
