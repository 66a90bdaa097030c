-- Courses: search, the enrollment key, capacity, who teaches them.

-- The courses that the actor is staff of: their own, and those that they instruct together with others. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.taught_courses() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT c.id FROM course c WHERE c.tenant_id = app.tenant_id() AND c.instructor_id = app.user_id()
        UNION ALL
        SELECT i.course_id FROM course_instructor i WHERE i.tenant_id = app.tenant_id() AND i.user_id = app.user_id();
END
$$;

-- The courses that the actor is or was enrolled in, however that stands. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.enrolled_courses() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT e.course_id FROM enrollment e WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id();
END
$$;

-- Whether the actor is staff of a course: its owner, one of its co-instructors, or holds COURSE_UPDATE_ALL. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.is_staff_of(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted
        AND (app.can('COURSE_UPDATE_ALL') OR c.instructor_id = app.user_id()
             OR EXISTS (SELECT FROM course_instructor i WHERE i.tenant_id = c.tenant_id AND i.course_id = c.id AND i.user_id = app.user_id())));
END
$$;

-- Whether the actor reads a course, by the rule of course_read in policies/courses.sql, for functions that look past it. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.reads_course(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted AND c.deleted_at IS NULL
        AND ((c.status <> 'DRAFT' AND (NOT c.is_private OR app.can('ENROLLMENT_READ_ALL')
                 OR EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = c.tenant_id AND e.user_id = app.user_id() AND e.course_id = c.id)))
             OR app.is_staff_of(c.id)));
END
$$;

-- Courses found by the beginnings of words in title and description. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_course(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT c.id FROM course c
        WHERE c.tenant_id = app.tenant_id() AND c.search @@ wanted AND c.deleted_at IS NULL;
END
$$;

-- Courses that carry a tag, also one that an older version kept in parts (arrays have no leakproof operators). Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.tagged_course(tag text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT c.id FROM course c
        WHERE c.tenant_id = app.tenant_id() AND c.tags && ARRAY[tag, normalize(tag, NFD)] AND c.deleted_at IS NULL;
END
$$;

-- Whether a course asks for an enrollment key and this is not it. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.enrollment_key_is_wrong(wanted uuid, presented text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted
                   AND c.enrollment_key IS NOT NULL AND normalize(c.enrollment_key, NFC) IS DISTINCT FROM presented);
END
$$;

-- Of some courses, those that ask for an enrollment key. Reveals: which of the given ones.
CREATE OR REPLACE FUNCTION app.courses_with_key(courses uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT c.id FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = ANY (courses) AND c.enrollment_key IS NOT NULL;
END
$$;

-- Enrollments that hold a seat, per course. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.enrollment_counts(courses uuid[]) RETURNS TABLE (course_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- Course by course along the index of seats: half the time of one scan that is grouped.
    RETURN QUERY SELECT c.id, n.count FROM unnest(courses) AS c(id) CROSS JOIN LATERAL (SELECT count(*) FROM enrollment e
        WHERE e.tenant_id = app.tenant_id() AND e.course_id = c.id AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')) AS n;
END
$$;

-- Whether a course, of so many seats, has one left. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.has_seats(wanted uuid, capacity integer) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN capacity IS NULL OR (SELECT count(*) FROM enrollment e
        WHERE e.tenant_id = app.tenant_id() AND e.course_id = wanted AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')) < capacity;
END
$$;

-- Refuses when a course holds more seats than its capacity. Whoever changes seats or capacity waits for the course's turn.
CREATE OR REPLACE FUNCTION app.check_course_seats(tenant uuid, wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    seats integer;
    used  bigint;
BEGIN
    PERFORM app.lock_for('course', wanted);
    SELECT c.capacity INTO seats FROM course c WHERE c.tenant_id = tenant AND c.id = wanted;
    IF seats IS NOT NULL THEN
        SELECT count(*) INTO used FROM enrollment e
            WHERE e.tenant_id = tenant AND e.course_id = wanted AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED');
        IF used > seats THEN
            PERFORM app.refuse('course_seats', jsonb_build_object('limit', seats, 'used', used - 1)::text);
        END IF;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION app.check_capacity_of_course() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.check_course_seats(NEW.tenant_id, NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_capacity AFTER UPDATE ON course FOR EACH ROW
    WHEN (NEW.capacity IS DISTINCT FROM OLD.capacity AND NEW.capacity IS NOT NULL) EXECUTE FUNCTION app.check_capacity_of_course();

-- A course with people in it is archived, not deleted.
CREATE OR REPLACE FUNCTION app.check_course_unused() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('course', NEW.id);
    IF EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = NEW.tenant_id AND e.course_id = NEW.id AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')) THEN
        PERFORM app.refuse('course_in_use');
    END IF;
    DELETE FROM group_course g WHERE g.tenant_id = NEW.tenant_id AND g.course_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_unused AFTER UPDATE ON course FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.check_course_unused();

CREATE OR REPLACE TRIGGER course_touch BEFORE UPDATE ON course FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER course_audit AFTER INSERT OR UPDATE OR DELETE ON course FOR EACH ROW EXECUTE FUNCTION app.audit('Course', 'id', 'enrollment_key');
CREATE OR REPLACE TRIGGER section_touch BEFORE UPDATE ON section FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER section_audit AFTER INSERT OR UPDATE OR DELETE ON section FOR EACH ROW EXECUTE FUNCTION app.audit('Section', 'id');

-- Tells of a course that is new or has changed. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_course() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := CASE
        WHEN TG_OP = 'INSERT' THEN 'course.created'
        WHEN OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN 'course.deleted'
        WHEN OLD.status <> NEW.status AND NEW.status IN ('PUBLISHED', 'ARCHIVED') THEN 'course.' || lower(NEW.status)
        ELSE 'course.updated' END;
    given jsonb;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.notifies(type) THEN
        -- The groups that have it at this moment: whom it is given later, app.tell_of_given_courses tells.
        PERFORM app.lock_for('course', NEW.id);
        SELECT jsonb_agg(g.group_id ORDER BY g.group_id) INTO given FROM group_course g WHERE g.tenant_id = NEW.tenant_id AND g.course_id = NEW.id;
    END IF;
    IF app.wants_event(type) THEN
        PERFORM app.emit(type, app.type_id('course', NEW.id), jsonb_build_object(
            'id', app.type_id('course', NEW.id), 'status', NEW.status, 'instructorId', app.type_id('user', NEW.instructor_id)),
            CASE WHEN given IS NOT NULL THEN jsonb_build_object('course', NEW.id, 'groups', given) END);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_tell_new AFTER INSERT ON course FOR EACH ROW EXECUTE FUNCTION app.tell_of_course();
CREATE OR REPLACE TRIGGER course_tell AFTER UPDATE ON course FOR EACH ROW
    WHEN ((OLD.title, OLD.description, OLD.instructor_id, OLD.status, OLD.capacity, OLD.enrollment_key, OLD.tags, OLD.deleted_at,
           OLD.subtitle, OLD.code, OLD.intro_video_url, OLD.intro_video_seconds, OLD.intro_video_poster_id,
           OLD.is_private, OLD.self_enroll, OLD.is_sequential, OLD.access_days, OLD.access_until_at)
          IS DISTINCT FROM (NEW.title, NEW.description, NEW.instructor_id, NEW.status, NEW.capacity, NEW.enrollment_key, NEW.tags, NEW.deleted_at,
           NEW.subtitle, NEW.code, NEW.intro_video_url, NEW.intro_video_seconds, NEW.intro_video_poster_id,
           NEW.is_private, NEW.self_enroll, NEW.is_sequential, NEW.access_days, NEW.access_until_at))
    EXECUTE FUNCTION app.tell_of_course();

CREATE OR REPLACE TRIGGER course_announce AFTER INSERT OR UPDATE ON course FOR EACH ROW EXECUTE FUNCTION app.announce_row('course', 'id', 'id');
-- A course has changed where its sections have.
CREATE OR REPLACE TRIGGER section_announce AFTER INSERT OR UPDATE OR DELETE ON section FOR EACH ROW
    EXECUTE FUNCTION app.announce_row('course', 'course_id', 'course_id');

-- Its owner is changed by COURSE_UPDATE_ALL alone: a co-instructor may change everything else.
CREATE OR REPLACE FUNCTION app.check_course_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT app.can('COURSE_UPDATE_ALL') THEN
        PERFORM app.refuse('course_owner_right');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER course_owner BEFORE UPDATE OF instructor_id ON course FOR EACH ROW
    WHEN (current_user = 'lectern_app' AND NEW.instructor_id IS DISTINCT FROM OLD.instructor_id) EXECUTE FUNCTION app.check_course_owner();

-- Co-instructors: at most 20, the owner never among them, nobody who is gone. Whoever adds one, or becomes owner, waits for the course's turn.
CREATE OR REPLACE FUNCTION app.check_new_instructors() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most   CONSTANT bigint := 20;
    wanted record;
    used   bigint;
BEGIN
    FOR wanted IN SELECT DISTINCT n.tenant_id, n.course_id FROM new_rows n ORDER BY n.course_id LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        PERFORM app.lock_for('instructors', wanted.course_id);
        IF EXISTS (SELECT FROM course_instructor i JOIN course c ON c.tenant_id = i.tenant_id AND c.id = i.course_id AND c.instructor_id = i.user_id
                   WHERE i.tenant_id = wanted.tenant_id AND i.course_id = wanted.course_id) THEN
            PERFORM app.refuse('course_instructor_owner');
        END IF;
        SELECT count(*) INTO used FROM course_instructor i WHERE i.tenant_id = wanted.tenant_id AND i.course_id = wanted.course_id;
        IF used > most THEN
            PERFORM app.refuse('course_instructor_limit', jsonb_build_object('limit', most)::text);
        END IF;
        PERFORM app.check_people_are_here(wanted.tenant_id, ARRAY(SELECT n.user_id FROM new_rows n WHERE n.course_id = wanted.course_id));
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_instructor_new AFTER INSERT ON course_instructor REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_new_instructors();

-- Who becomes owner is no co-instructor any more.
CREATE OR REPLACE FUNCTION app.make_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('instructors', NEW.id);
    DELETE FROM course_instructor i WHERE i.tenant_id = NEW.tenant_id AND i.course_id = NEW.id AND i.user_id = NEW.instructor_id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_new_owner AFTER UPDATE OF instructor_id ON course FOR EACH ROW
    WHEN (NEW.instructor_id IS DISTINCT FROM OLD.instructor_id AND NEW.instructor_id IS NOT NULL) EXECUTE FUNCTION app.make_owner();

-- A person who is deleted instructs nothing together with others any more.
CREATE OR REPLACE FUNCTION app.retire_instructor() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM course_instructor i WHERE i.tenant_id = NEW.tenant_id AND i.user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_instructor AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_instructor();
CREATE OR REPLACE TRIGGER course_instructor_audit AFTER INSERT OR UPDATE OR DELETE ON course_instructor FOR EACH ROW
    EXECUTE FUNCTION app.audit('Course', 'course_id');

-- A new version is numbered after all others of its series, deleted ones among them. Whoever adds one waits for the turn of the series.
CREATE OR REPLACE FUNCTION app.number_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    opened_for CONSTANT text := current_setting('app.tenant_id', true);
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT coalesce(c.series_id, c.id) INTO NEW.series_id FROM course c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.previous_version_id;
    PERFORM app.lock_for('series', NEW.series_id);
    SELECT 1 + coalesce(max(c.version), 1) INTO NEW.version FROM course c
        WHERE c.tenant_id = NEW.tenant_id AND (c.series_id = NEW.series_id OR c.id = NEW.series_id);
    PERFORM set_config('app.tenant_id', coalesce(opened_for, ''), true); -- the wall is asked after this
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER course_version BEFORE INSERT ON course FOR EACH ROW
    WHEN (NEW.previous_version_id IS NOT NULL) EXECUTE FUNCTION app.number_version();

-- What a deletion takes from groups and files is set aside, and given back by the restoration as far as it is still there.
CREATE OR REPLACE FUNCTION app.set_course_aside() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    NEW.set_aside := jsonb_build_object(
        'groups', (SELECT coalesce(jsonb_agg(g.group_id), '[]') FROM group_course g WHERE g.tenant_id = NEW.tenant_id AND g.course_id = NEW.id),
        'files', (SELECT coalesce(jsonb_agg(a.file_id), '[]') FROM file_audience a WHERE a.tenant_id = NEW.tenant_id AND a.course_id = NEW.id));
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER course_set_aside BEFORE UPDATE ON course FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.set_course_aside();

CREATE OR REPLACE FUNCTION app.give_course_back() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), set_config('app.notify', 'off', true); -- its groups had it before: nobody is told
    INSERT INTO group_course (tenant_id, group_id, course_id)
        SELECT g.tenant_id, g.id, NEW.id FROM user_group g
        WHERE g.tenant_id = NEW.tenant_id AND g.deleted_at IS NULL AND OLD.set_aside -> 'groups' ? g.id::text
        ON CONFLICT DO NOTHING;
    INSERT INTO file_audience (tenant_id, file_id, course_id)
        SELECT f.tenant_id, f.id, NEW.id FROM file f WHERE f.tenant_id = NEW.tenant_id AND OLD.set_aside -> 'files' ? f.id::text
        ON CONFLICT DO NOTHING;
    PERFORM set_config('app.notify', '', true);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_give_back AFTER UPDATE ON course FOR EACH ROW
    WHEN (NEW.deleted_at IS NULL AND OLD.deleted_at IS NOT NULL) EXECUTE FUNCTION app.give_course_back();

-- The courses that were deleted and not purged. Reveals: to COURSE_PURGE, these rows, without their keys.
CREATE OR REPLACE FUNCTION app.deleted_courses() RETURNS SETOF course
    LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone course;
BEGIN
    IF app.can('COURSE_PURGE') THEN
        FOR gone IN SELECT c.* FROM course c WHERE c.tenant_id = app.tenant_id() AND c.deleted_at IS NOT NULL ORDER BY c.deleted_at DESC, c.id DESC LOOP
            gone.enrollment_key := NULL;
            RETURN NEXT gone;
        END LOOP;
    END IF;
END
$$;

-- Undoes the deletion of a course. Reveals: whether it is deleted (NULL: there is no such course).
CREATE OR REPLACE FUNCTION app.restore_course(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone timestamptz;
BEGIN
    IF NOT app.can('COURSE_PURGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to restore';
    END IF;
    PERFORM app.lock_for('course', wanted);
    SELECT c.deleted_at INTO gone FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE course c SET deleted_at = NULL, set_aside = NULL WHERE c.tenant_id = app.tenant_id() AND c.id = wanted AND c.deleted_at IS NOT NULL;
    RETURN gone IS NOT NULL;
END
$$;

-- Removes a deleted course and all that is in it for good. What only speaks of it (bookings, later versions) goes on without it. Reveals: whether it
-- was deleted (NULL: there is no such course).
CREATE OR REPLACE FUNCTION app.purge_course(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    gone   timestamptz;
BEGIN
    IF NOT app.can('COURSE_PURGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to purge';
    END IF;
    PERFORM app.lock_for('sections', wanted), app.lock_for('course', wanted);
    SELECT c.deleted_at INTO gone FROM course c WHERE c.tenant_id = school AND c.id = wanted FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF gone IS NULL THEN
        RETURN false;
    END IF;
    UPDATE booking b SET lesson_id = NULL, course_id = NULL WHERE b.tenant_id = school AND b.course_id = wanted;
    UPDATE booking b SET lesson_id = NULL FROM lesson l
        WHERE b.tenant_id = school AND l.tenant_id = school AND l.course_id = wanted AND b.lesson_id = l.id;
    PERFORM app.purge_submissions(wanted);
    PERFORM app.purge_from_paths(wanted), app.purge_from_certificates(wanted);
    DELETE FROM unlock_override o WHERE o.tenant_id = school AND o.course_id = wanted;
    DELETE FROM course_material m WHERE m.tenant_id = school AND m.course_id = wanted;
    DELETE FROM lesson_progress p WHERE p.tenant_id = school AND p.course_id = wanted;
    PERFORM app.purge_quizzes(wanted);
    DELETE FROM lesson l WHERE l.tenant_id = school AND l.course_id = wanted;
    DELETE FROM section s WHERE s.tenant_id = school AND s.course_id = wanted;
    DELETE FROM course_instructor i WHERE i.tenant_id = school AND i.course_id = wanted;
    DELETE FROM enrollment e WHERE e.tenant_id = school AND e.course_id = wanted;
    DELETE FROM group_course g WHERE g.tenant_id = school AND g.course_id = wanted;
    DELETE FROM file_audience a WHERE a.tenant_id = school AND a.course_id = wanted;
    DELETE FROM roster_link r WHERE r.tenant_id = school AND r.object_id = wanted;
    DELETE FROM course c WHERE c.tenant_id = school AND c.id = wanted;
    RETURN true;
END
$$;

-- Copies a course that the actor is staff of: settings, sections, lessons, drip, materials with the same files, assignments with their rubrics; no people, overrides, key or code. The
-- copy is a draft of the actor's, under the given id, its dates moved by so many days; as the next version of its series, where that is wanted. It
-- runs by the actor's own rights: what they may not read or write is not copied. Until it is done, nobody deletes the course or changes its sections; one that
-- was deleted meanwhile is refused (course_copy_gone).
CREATE OR REPLACE FUNCTION app.copy_course(wanted uuid, copy uuid, named text, is_version boolean, shift integer) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    moved  CONSTANT interval := make_interval(hours => 24 * shift);
    -- The copies of sections and lessons, by the originals.
    sections jsonb;
    lessons  jsonb;
BEGIN
    PERFORM app.share_lock_for('sections', wanted), app.share_lock_for('course', wanted);
    INSERT INTO course (tenant_id, id, title, subtitle, description, instructor_id, capacity, tags, previous_version_id, intro_video_url, intro_video_seconds,
                        intro_video_poster_id, is_private, self_enroll, is_sequential, access_days, access_until_at)
        SELECT school, copy, coalesce(named, c.title), c.subtitle, c.description, app.user_id(), c.capacity, c.tags, CASE WHEN is_version THEN c.id END, c.intro_video_url,
               c.intro_video_seconds, c.intro_video_poster_id, c.is_private, c.self_enroll, c.is_sequential, c.access_days, c.access_until_at + moved
        FROM course c WHERE c.tenant_id = school AND c.id = wanted;
    IF NOT FOUND THEN
        PERFORM app.refuse('course_copy_gone');
    END IF;
    SELECT coalesce(jsonb_object_agg(s.id, app.uuid_v7()), '{}') INTO sections FROM section s WHERE s.tenant_id = school AND s.course_id = wanted;
    SELECT coalesce(jsonb_object_agg(l.id, app.uuid_v7()), '{}') INTO lessons FROM lesson l WHERE l.tenant_id = school AND l.course_id = wanted;
    INSERT INTO section (tenant_id, id, course_id, title, position, drip_kind, drip_days, drip_at, drip_after_id)
        SELECT school, (sections ->> s.id::text)::uuid, copy, s.title, s.position, s.drip_kind, s.drip_days, s.drip_at + moved, (sections ->> s.drip_after_id::text)::uuid
        FROM section s WHERE s.tenant_id = school AND s.course_id = wanted ORDER BY s.position;
    INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, duration_minutes, min_seconds, weight, is_required, is_preview, is_published)
        SELECT school, (lessons ->> l.id::text)::uuid, copy, (sections ->> l.section_id::text)::uuid, l.kind, l.title, l.position, l.duration_minutes, l.min_seconds, l.weight,
               l.is_required, l.is_preview, l.is_published
        FROM lesson l WHERE l.tenant_id = school AND l.course_id = wanted ORDER BY l.section_id, l.position;
    INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body, url, media_seconds, file_id, starts_at, ends_at)
        SELECT school, (lessons ->> c.lesson_id::text)::uuid, copy, c.body, c.url, c.media_seconds, c.file_id, c.starts_at + moved, c.ends_at + moved
        FROM lesson_content c WHERE c.tenant_id = school AND c.course_id = wanted;
    INSERT INTO course_material (tenant_id, id, course_id, lesson_id, title, file_id, url)
        SELECT school, app.uuid_v7(), copy, (lessons ->> m.lesson_id::text)::uuid, m.title, m.file_id, m.url
        FROM course_material m WHERE m.tenant_id = school AND m.course_id = wanted ORDER BY m.created_at, m.id;
    PERFORM app.copy_quizzes(wanted, copy, lessons, moved);
    PERFORM app.copy_assignments(wanted, copy, lessons, moved);
    PERFORM app.copy_course_rules(wanted, copy);
END
$$;

GRANT EXECUTE ON FUNCTION app.search_course(text), app.tagged_course(text), app.enrollment_key_is_wrong(uuid, text), app.enrollment_counts(uuid[]),
    app.taught_courses(), app.enrolled_courses(), app.is_staff_of(uuid), app.reads_course(uuid), app.courses_with_key(uuid[]), app.has_seats(uuid, integer), app.deleted_courses(),
    app.restore_course(uuid), app.purge_course(uuid)
    TO lectern_app;
