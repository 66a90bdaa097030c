-- Enrollments: seats, and what groups give without being asked.

-- Whoever takes a seat waits for the course's turn before the row is written: a row written first, and then waiting, would
-- stand in the way of the very transaction that holds the turn. (The operator's loads do without: a row of theirs is only
-- checked, by app.check_new_enrollments, which takes the turn itself.)
CREATE OR REPLACE FUNCTION app.await_course_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM app.lock_for('course', NEW.course_id);
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_turn BEFORE INSERT ON enrollment FOR EACH ROW
    WHEN (current_user IN ('lectern_app', 'lectern_definer')) EXECUTE FUNCTION app.await_course_turn();

-- Refuses when one of these people is deleted. A deletion that is under way is waited for, and one that comes later waits
-- for us, and then sees what the person got: nothing is given to somebody who is gone.
CREATE OR REPLACE FUNCTION app.check_people_are_here(tenant uuid, people uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    person record;
BEGIN
    -- One by one in their order. The plan must not lean on what is counted of this school: of one that has just come it is nothing, and then
    -- any index will do, and all of its people be read for each.
    FOR person IN
        SELECT u.deleted_at FROM (SELECT DISTINCT p.id FROM unnest(people) AS p(id) ORDER BY p.id) AS p
        CROSS JOIN LATERAL (SELECT o.deleted_at FROM app_user o WHERE o.tenant_id = tenant AND o.id = p.id FOR SHARE) AS u
    LOOP
        IF person.deleted_at IS NOT NULL THEN
            PERFORM app.refuse('person_deleted');
        END IF;
    END LOOP;
END
$$;

-- Only published courses take people in, and no more than their capacity: checked once per statement and course, as the
-- course is now that we hold its turn. Then the people, all at once.
CREATE OR REPLACE FUNCTION app.check_new_enrollments() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT DISTINCT e.tenant_id, e.course_id FROM new_rows e
        WHERE e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')
        ORDER BY e.course_id
    LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        IF EXISTS (SELECT FROM course c WHERE c.tenant_id = wanted.tenant_id AND c.id = wanted.course_id
                   AND (c.status <> 'PUBLISHED' OR c.deleted_at IS NOT NULL)) THEN
            PERFORM app.refuse('enrollment_course_published');
        END IF;
        PERFORM app.check_course_seats(wanted.tenant_id, wanted.course_id);
    END LOOP;
    FOR wanted IN
        SELECT e.tenant_id, array_agg(e.user_id) AS people FROM new_rows e
        WHERE e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') GROUP BY e.tenant_id
    LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        PERFORM app.check_people_are_here(wanted.tenant_id, wanted.people);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_new AFTER INSERT ON enrollment REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_new_enrollments();

-- A seat that had been freed is taken again: there must be one, and a course and a person to have it.
CREATE OR REPLACE FUNCTION app.check_retaken_seat() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.check_course_seats(NEW.tenant_id, NEW.course_id);
    IF EXISTS (SELECT FROM course c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.course_id AND c.deleted_at IS NOT NULL) THEN
        PERFORM app.refuse('enrollment_course_deleted');
    END IF;
    PERFORM app.check_people_are_here(NEW.tenant_id, ARRAY[NEW.user_id]);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_retaken AFTER UPDATE ON enrollment FOR EACH ROW
    WHEN (NEW.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') AND OLD.status NOT IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED'))
    EXECUTE FUNCTION app.check_retaken_seat();

CREATE OR REPLACE TRIGGER enrollment_touch BEFORE UPDATE ON enrollment FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER enrollment_audit AFTER INSERT OR DELETE ON enrollment FOR EACH ROW EXECUTE FUNCTION app.audit('Enrollment', 'id');
-- Not what merely follows: progress from lessons, the end of access from the course.
CREATE OR REPLACE TRIGGER enrollment_audit_change AFTER UPDATE ON enrollment FOR EACH ROW
    WHEN ((OLD.course_id, OLD.user_id, OLD.status, OLD.completed_at, OLD.enrolled_at, OLD.is_expiry_fixed, OLD.expiry_reason)
          IS DISTINCT FROM (NEW.course_id, NEW.user_id, NEW.status, NEW.completed_at, NEW.enrolled_at, NEW.is_expiry_fixed, NEW.expiry_reason)
          OR (NEW.lessons_total = 0 AND NEW.progress <> OLD.progress) OR (NEW.is_expiry_fixed AND NEW.expires_at IS DISTINCT FROM OLD.expires_at))
    EXECUTE FUNCTION app.audit('Enrollment', 'id');

-- Until when an enrollment gives access by what its course says: the earlier of the two; NULL for ever.
CREATE OR REPLACE FUNCTION app.expiry_of(enrolled_at timestamptz, access_days integer, access_until_at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN least(enrolled_at + access_days * interval '24 hours', access_until_at);

-- Which of the two reminders of an end is over: that of 7 days before, that of 1 day before, or none yet.
CREATE OR REPLACE FUNCTION app.days_left(expires_at timestamptz) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN expires_at <= now() + interval '24 hours' THEN 1 WHEN expires_at <= now() + interval '168 hours' THEN 7 END;

-- Enrollments follow what their course says, but for those that were fixed by hand.
CREATE OR REPLACE FUNCTION app.follow_access() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('course', NEW.id);
    UPDATE enrollment e SET expires_at = app.expiry_of(e.enrolled_at, NEW.access_days, NEW.access_until_at)
        WHERE e.tenant_id = NEW.tenant_id AND e.course_id = NEW.id AND NOT e.is_expiry_fixed
          AND e.expires_at IS DISTINCT FROM app.expiry_of(e.enrolled_at, NEW.access_days, NEW.access_until_at);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_follow_access AFTER UPDATE ON course FOR EACH ROW
    WHEN ((NEW.access_days, NEW.access_until_at) IS DISTINCT FROM (OLD.access_days, OLD.access_until_at)) EXECUTE FUNCTION app.follow_access();

-- Until when it gives access is said by those who manage the course's enrollments; by nobody else, though it be their own. What merely follows the
-- course is not asked: the functions above are not the service's role.
CREATE OR REPLACE FUNCTION app.check_enrollment_expiry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT app.manages_course(NEW.course_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not the end of this person''s access';
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_expiry BEFORE UPDATE OF expires_at, is_expiry_fixed, expiry_reason ON enrollment FOR EACH ROW
    WHEN (current_user = 'lectern_app' AND (NEW.expires_at, NEW.is_expiry_fixed, NEW.expiry_reason)
                                           IS DISTINCT FROM (OLD.expires_at, OLD.is_expiry_fixed, OLD.expiry_reason))
    EXECUTE FUNCTION app.check_enrollment_expiry();

-- When access ends, a job looks: one for each quarter of a minute in which some does. Reveals nothing.
CREATE OR REPLACE FUNCTION app.await_expiry() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due CONSTANT timestamptz := date_bin('15 seconds', greatest(NEW.expires_at, now()), 'epoch') + interval '15 seconds';
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.enqueue('enrollment.expire', app.slot_key(due), run_at => due);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_await_expiry_new AFTER INSERT ON enrollment FOR EACH ROW
    WHEN (NEW.expires_at IS NOT NULL AND NEW.status IN ('NOT_STARTED', 'IN_PROGRESS')) EXECUTE FUNCTION app.await_expiry();
-- The same where the end was moved, or somebody came back.
CREATE OR REPLACE TRIGGER enrollment_await_expiry AFTER UPDATE ON enrollment FOR EACH ROW
    WHEN (NEW.expires_at IS NOT NULL AND NEW.status IN ('NOT_STARTED', 'IN_PROGRESS')
          AND (NEW.expires_at IS DISTINCT FROM OLD.expires_at OR OLD.status NOT IN ('NOT_STARTED', 'IN_PROGRESS'))) EXECUTE FUNCTION app.await_expiry();

-- Ends some of the school's enrollments whose time is over. For the job that does so; nobody's doing. Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.expire_enrollments(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ended record;
    count integer := 0;
BEGIN
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.permissions', '', true);
    FOR ended IN UPDATE enrollment e SET status = 'EXPIRED' WHERE e.tenant_id = app.tenant_id() AND e.id IN (
        SELECT o.id FROM enrollment o WHERE o.tenant_id = app.tenant_id() AND o.expires_at <= now() AND o.status IN ('NOT_STARTED', 'IN_PROGRESS')
        ORDER BY o.id LIMIT at_most FOR NO KEY UPDATE) RETURNING e.id, e.user_id, e.course_id LOOP
        PERFORM app.tell_of_end('notify.enrollment_expired', ended.id, ended.user_id, ended.course_id, NULL);
        count := count + 1;
    END LOOP;
    RETURN count;
END
$$;

-- Tells a person of the end of their enrollment. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_end(type text, enrolled uuid, person uuid, course uuid, until timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.notifies(type) THEN
        PERFORM app.emit(type, app.type_id('enrollment', enrolled), NULL,
            jsonb_build_object('person', person, 'course', course, 'facts', jsonb_strip_nulls(jsonb_build_object('until', until))));
    END IF;
END
$$;

-- Tells some people that their access ends within 7 days, and again within 1 day. Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.remind_of_expiry(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due   record;
    count integer := 0;
BEGIN
    FOR due IN UPDATE enrollment e SET reminded_days = app.days_left(e.expires_at) WHERE e.tenant_id = app.tenant_id() AND e.id IN (
        SELECT o.id FROM enrollment o WHERE o.tenant_id = app.tenant_id() AND o.expires_at > now() AND o.expires_at <= now() + interval '168 hours'
          AND o.status IN ('NOT_STARTED', 'IN_PROGRESS') AND o.reminded_days IS DISTINCT FROM app.days_left(o.expires_at)
        ORDER BY o.id LIMIT at_most FOR NO KEY UPDATE) RETURNING e.id, e.user_id, e.course_id, e.expires_at LOOP
        PERFORM app.tell_of_end('notify.enrollment_expires_soon', due.id, due.user_id, due.course_id, due.expires_at);
        count := count + 1;
    END LOOP;
    RETURN count;
END
$$;

-- Enrolls the members of a group in the published courses given to it, when it says so. `users` and `courses` narrow it
-- to what was just added (NULL: all); `revive` takes back in those who had dropped out. It waits for the turn of the group
-- and of its courses first, so that of two simultaneous gifts (a member here, a course there, a publication) the later one
-- sees the earlier. Reveals: how many.
CREATE OR REPLACE FUNCTION app.auto_enroll(wanted uuid, users uuid[], courses uuid[], revive boolean) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('GROUP_UPDATE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s group';
    END IF;
    RETURN app.enroll_members(wanted, users, courses, revive);
END
$$;

-- The same for whoever may: app.auto_enroll, app.join_group. Reveals: how many.
CREATE OR REPLACE FUNCTION app.enroll_members(wanted uuid, users uuid[], courses uuid[], revive boolean) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    enrolled bigint;
BEGIN
    PERFORM app.lock_for('group', wanted);
    IF NOT EXISTS (SELECT FROM user_group g WHERE g.tenant_id = app.tenant_id() AND g.id = wanted AND g.auto_enroll AND g.deleted_at IS NULL) THEN
        RETURN 0;
    END IF;
    PERFORM app.lock_for('course', gc.course_id)
        FROM (SELECT o.course_id FROM group_course o
              WHERE o.tenant_id = app.tenant_id() AND o.group_id = wanted AND (courses IS NULL OR o.course_id = ANY (courses))
              ORDER BY o.course_id) AS gc;

    INSERT INTO enrollment AS e (tenant_id, id, course_id, user_id)
        SELECT m.tenant_id, app.uuid_v7(), c.id, u.id
        FROM group_member m
        JOIN group_course gc ON gc.tenant_id = m.tenant_id AND gc.group_id = m.group_id
        JOIN course c ON c.tenant_id = gc.tenant_id AND c.id = gc.course_id AND c.status = 'PUBLISHED' AND c.deleted_at IS NULL
        JOIN app_user u ON u.tenant_id = m.tenant_id AND u.id = m.user_id AND u.deleted_at IS NULL
        WHERE m.tenant_id = app.tenant_id() AND m.group_id = wanted
          AND (users IS NULL OR m.user_id = ANY (users)) AND (courses IS NULL OR gc.course_id = ANY (courses))
        ORDER BY c.id, u.id
        ON CONFLICT (tenant_id, user_id, course_id) DO UPDATE
            SET status = CASE WHEN e.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END
            WHERE revive AND e.status = 'DROPPED';
    GET DIAGNOSTICS enrolled = ROW_COUNT;
    RETURN enrolled;
END
$$;

-- The same when a draft that groups had been given is published, for all of them. Reveals: how many.
CREATE OR REPLACE FUNCTION app.auto_enroll_published(wanted uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    enrolled bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted
                   AND (app.can('COURSE_UPDATE_ALL') OR (app.can('COURSE_UPDATE') AND app.is_staff_of(c.id)))) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    END IF;
    PERFORM app.lock_for('course', wanted), set_config('app.publishes', 'on', true); -- its members are told of the course
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
    PERFORM set_config('app.publishes', 'off', true);
    RETURN enrolled;
END
$$;

-- What is told of an enrollment.
CREATE OR REPLACE FUNCTION app.told_of_enrollment(id uuid, status text, course uuid, person uuid) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN jsonb_build_object('id', app.type_id('enrollment', id), 'status', status, 'courseId', app.type_id('course', course), 'userId', app.type_id('user', person));

-- Tells people that somebody else has enrolled them in a course, all by one event; not where the course's publication did
-- (app.auto_enroll_published). Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_enrolled(course uuid, people uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.notifies('notify.enrolled') AND current_setting('app.publishes', true) IS DISTINCT FROM 'on' THEN
        PERFORM app.emit('notify.enrolled', app.type_id('course', course), NULL, jsonb_build_object('course', course, 'people', people));
    END IF;
END
$$;

-- Tells of enrollments that are new. (A group may bring thousands: where nobody is told, they cost one question.) Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_new_enrollments() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school record;
BEGIN
    FOR school IN SELECT DISTINCT e.tenant_id FROM new_rows e LOOP
        PERFORM app.enter_tenant(school.tenant_id);
        IF app.wants_event('enrollment.created') THEN
            PERFORM app.emit('enrollment.created', app.type_id('enrollment', e.id), app.told_of_enrollment(e.id, e.status, e.course_id, e.user_id))
                FROM new_rows e WHERE e.tenant_id = school.tenant_id;
        END IF;
        PERFORM app.tell_enrolled(e.course_id, array_agg(e.user_id)) FROM new_rows e
            WHERE e.tenant_id = school.tenant_id AND e.user_id <> nullif(current_setting('app.user_id', true), '')::uuid GROUP BY e.course_id;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_tell_new AFTER INSERT ON enrollment REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.tell_of_new_enrollments();

-- Tells of an enrollment that has changed. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_enrollment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := CASE WHEN OLD.status <> NEW.status AND NEW.status IN ('COMPLETED', 'DROPPED') THEN 'enrollment.' || lower(NEW.status)
                               ELSE 'enrollment.updated' END;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.wants_event(type) THEN
        PERFORM app.emit(type, app.type_id('enrollment', NEW.id), app.told_of_enrollment(NEW.id, NEW.status, NEW.course_id, NEW.user_id));
    END IF;
    -- Who had dropped out is enrolled anew.
    IF OLD.status = 'DROPPED' AND NEW.status IN ('NOT_STARTED', 'IN_PROGRESS') AND NEW.user_id <> nullif(current_setting('app.user_id', true), '')::uuid THEN
        PERFORM app.tell_enrolled(NEW.course_id, ARRAY[NEW.user_id]);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_tell AFTER UPDATE ON enrollment FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.progress <> NEW.progress) EXECUTE FUNCTION app.tell_of_enrollment();

-- To those who listen to all, and to those of its course.
CREATE OR REPLACE TRIGGER enrollment_announce AFTER INSERT OR UPDATE ON enrollment FOR EACH ROW
    EXECUTE FUNCTION app.announce_row('enrollment', 'id', 'course_id');

GRANT EXECUTE ON FUNCTION app.auto_enroll(uuid, uuid[], uuid[], boolean), app.auto_enroll_published(uuid), app.expire_enrollments(integer),
    app.remind_of_expiry(integer) TO lectern_app;
