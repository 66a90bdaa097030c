-- Courses: search, the enrollment key, capacity.

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

-- Enrollments that hold a seat, per course. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.enrollment_counts(courses uuid[]) RETURNS TABLE (course_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- Course by course along the index of seats: half the time of one scan that is grouped.
    RETURN QUERY SELECT c.id, n.count FROM unnest(courses) AS c(id) CROSS JOIN LATERAL (SELECT count(*) FROM enrollment e
        WHERE e.tenant_id = app.tenant_id() AND e.course_id = c.id AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')) AS n;
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
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.wants_event(type) THEN
        PERFORM app.emit(type, app.type_id('course', NEW.id), jsonb_build_object(
            'id', app.type_id('course', NEW.id), 'status', NEW.status, 'instructorId', app.type_id('user', NEW.instructor_id)),
            CASE WHEN app.notifies(type) THEN jsonb_build_object('course', NEW.id) END);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_tell_new AFTER INSERT ON course FOR EACH ROW EXECUTE FUNCTION app.tell_of_course();
CREATE OR REPLACE TRIGGER course_tell AFTER UPDATE ON course FOR EACH ROW
    WHEN ((OLD.title, OLD.description, OLD.instructor_id, OLD.status, OLD.capacity, OLD.enrollment_key, OLD.tags, OLD.deleted_at)
          IS DISTINCT FROM (NEW.title, NEW.description, NEW.instructor_id, NEW.status, NEW.capacity, NEW.enrollment_key, NEW.tags, NEW.deleted_at))
    EXECUTE FUNCTION app.tell_of_course();

CREATE OR REPLACE TRIGGER course_announce AFTER INSERT OR UPDATE ON course FOR EACH ROW EXECUTE FUNCTION app.announce_row('course', 'id', 'id');
-- A course has changed where its sections have.
CREATE OR REPLACE TRIGGER section_announce AFTER INSERT OR UPDATE OR DELETE ON section FOR EACH ROW
    EXECUTE FUNCTION app.announce_row('course', 'course_id', 'course_id');

GRANT EXECUTE ON FUNCTION app.search_course(text), app.tagged_course(text), app.enrollment_key_is_wrong(uuid, text), app.enrollment_counts(uuid[])
    TO lectern_app;
