-- Enrollments: seats, and what groups give without being asked.

-- Only published courses take people in, and no more than their capacity: checked once per statement and course.
CREATE FUNCTION app.check_new_enrollments() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT DISTINCT e.tenant_id, e.course_id, c.status
        FROM new_rows e JOIN course c ON c.tenant_id = e.tenant_id AND c.id = e.course_id
        WHERE e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')
        ORDER BY e.course_id -- a fixed order, so that two of us can't wait for each other
    LOOP
        IF wanted.status <> 'PUBLISHED' THEN
            PERFORM app.refuse('enrollment_course_published');
        END IF;
        PERFORM app.check_course_seats(wanted.tenant_id, wanted.course_id);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER enrollment_new AFTER INSERT ON enrollment REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_new_enrollments();

CREATE FUNCTION app.check_retaken_seat() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.check_course_seats(NEW.tenant_id, NEW.course_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER enrollment_retaken AFTER UPDATE ON enrollment FOR EACH ROW
    WHEN (NEW.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') AND OLD.status NOT IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED'))
    EXECUTE FUNCTION app.check_retaken_seat();

CREATE TRIGGER enrollment_touch BEFORE UPDATE ON enrollment FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER enrollment_audit AFTER INSERT OR UPDATE OR DELETE ON enrollment FOR EACH ROW EXECUTE FUNCTION app.audit('Enrollment', 'id');

-- Enrolls the members of a group in the published courses given to it, when it says so. `users` and `courses` narrow it
-- to what was just added (NULL: all); `revive` takes back in those who had dropped out. Reveals: how many.
CREATE FUNCTION app.auto_enroll(wanted uuid, users uuid[], courses uuid[], revive boolean) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    enrolled bigint;
BEGIN
    INSERT INTO enrollment AS e (tenant_id, id, course_id, user_id)
        SELECT g.tenant_id, app.uuid_v7(), c.id, u.id
        FROM user_group g
        JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.id
        JOIN group_course gc ON gc.tenant_id = g.tenant_id AND gc.group_id = g.id
        JOIN course c ON c.tenant_id = gc.tenant_id AND c.id = gc.course_id AND c.status = 'PUBLISHED' AND c.deleted_at IS NULL
        JOIN app_user u ON u.tenant_id = m.tenant_id AND u.id = m.user_id AND u.deleted_at IS NULL
        WHERE g.tenant_id = app.tenant_id() AND g.id = wanted AND g.auto_enroll AND g.deleted_at IS NULL
          AND (users IS NULL OR m.user_id = ANY (users)) AND (courses IS NULL OR gc.course_id = ANY (courses))
        ORDER BY c.id, u.id
        ON CONFLICT (tenant_id, user_id, course_id) DO UPDATE
            SET status = CASE WHEN e.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END
            WHERE revive AND e.status = 'DROPPED';
    GET DIAGNOSTICS enrolled = ROW_COUNT;
    RETURN enrolled;
END
$$;

-- The same when a draft that groups had been given is published. Reveals: how many.
CREATE FUNCTION app.auto_enroll_published(wanted uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    enrolled bigint;
BEGIN
    INSERT INTO enrollment (tenant_id, id, course_id, user_id)
        SELECT DISTINCT ON (u.id) c.tenant_id, app.uuid_v7(), c.id, u.id
        FROM course c
        JOIN group_course gc ON gc.tenant_id = c.tenant_id AND gc.course_id = c.id
        JOIN user_group g ON g.tenant_id = gc.tenant_id AND g.id = gc.group_id AND g.auto_enroll AND g.deleted_at IS NULL
        JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.id
        JOIN app_user u ON u.tenant_id = m.tenant_id AND u.id = m.user_id AND u.deleted_at IS NULL
        WHERE c.tenant_id = app.tenant_id() AND c.id = wanted AND c.status = 'PUBLISHED' AND c.deleted_at IS NULL
        ORDER BY u.id
        ON CONFLICT (tenant_id, user_id, course_id) DO NOTHING;
    GET DIAGNOSTICS enrolled = ROW_COUNT;
    RETURN enrolled;
END
$$;
