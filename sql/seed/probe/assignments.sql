-- One row of every kind of assignments, for schools that are there to be attacked; identity.sql says what may be relied on. The assignment comes with its
-- lesson.
INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published, is_required)
    SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, 'ASSIGNMENT', current_setting('probe.word'), 2, true, false FROM section s
    WHERE s.tenant_id = app.tenant_id() AND s.position = 1;

INSERT INTO rubric_criterion (tenant_id, id, assignment_id, position, title, description, points)
    SELECT a.tenant_id, gen_random_uuid(), a.id, 1, w.word, w.word, 100 FROM assignment a CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE a.tenant_id = app.tenant_id();

INSERT INTO submission (tenant_id, id, assignment_id, lesson_id, course_id, enrollment_id, user_id, number, status, text)
    SELECT a.tenant_id, gen_random_uuid(), a.id, a.lesson_id, a.course_id, e.id, e.user_id, 1, 'GRADED', current_setting('probe.word')
    FROM assignment a JOIN enrollment e ON e.tenant_id = a.tenant_id AND e.course_id = a.course_id WHERE a.tenant_id = app.tenant_id();

INSERT INTO submission_file (tenant_id, submission_id, file_id, position)
    SELECT s.tenant_id, s.id, f.id, 1 FROM submission s JOIN file f ON f.tenant_id = s.tenant_id AND f.visibility = 'PRIVATE'
    WHERE s.tenant_id = app.tenant_id() ORDER BY f.id LIMIT 1;

INSERT INTO submission_grade (tenant_id, submission_id, user_id, course_id, version, points, feedback, graded_by_id, released_at)
    SELECT s.tenant_id, s.id, s.user_id, s.course_id, 2, 80, current_setting('probe.word'), c.instructor_id, now()
    FROM submission s JOIN course c ON c.tenant_id = s.tenant_id AND c.id = s.course_id WHERE s.tenant_id = app.tenant_id();

INSERT INTO rubric_score (tenant_id, submission_id, criterion_id, points, comment)
    SELECT s.tenant_id, s.id, c.id, 80, current_setting('probe.word') FROM submission s JOIN rubric_criterion c ON c.tenant_id = s.tenant_id AND c.assignment_id = s.assignment_id
    WHERE s.tenant_id = app.tenant_id();

INSERT INTO submission_event (tenant_id, id, submission_id, user_id, course_id, kind, points, feedback, by_id, is_held)
    SELECT s.tenant_id, gen_random_uuid(), s.id, s.user_id, s.course_id, 'GRADED', 80, current_setting('probe.word'), c.instructor_id, false
    FROM submission s JOIN course c ON c.tenant_id = s.tenant_id AND c.id = s.course_id WHERE s.tenant_id = app.tenant_id();

INSERT INTO deadline_reminder (tenant_id, lesson_id, user_id, due_at)
    SELECT s.tenant_id, s.lesson_id, s.user_id, now() FROM submission s WHERE s.tenant_id = app.tenant_id();
