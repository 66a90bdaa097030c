-- Certificates: given when a course or a path is completed, verified by anybody.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   certificate_not_completed  the person has not completed what is to be certified
--   certificate_issued         they have one that is valid
--   certificate_revoked        it was revoked before

-- Eighty random bits, in 32 signs that nobody takes for each other.
CREATE OR REPLACE FUNCTION app.certificate_code() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + substring(r.bits FROM 5 * n + 1 FOR 5)::bit(5)::integer, 1), '' ORDER BY n)
    FROM (SELECT ('x' || left(replace(gen_random_uuid()::text, '-', ''), 10) || left(replace(gen_random_uuid()::text, '-', ''), 10))::bit(80) AS bits) AS r,
         generate_series(0, 15) AS n
$$;

-- How a certificate stands: REVOKED, EXPIRED or VALID.
CREATE OR REPLACE FUNCTION app.certificate_status(revoked_at timestamptz, expires_at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN revoked_at IS NOT NULL THEN 'REVOKED' WHEN expires_at <= now() THEN 'EXPIRED' ELSE 'VALID' END;

-- Certifies that a person has completed a course or a path (one of the two), with all that is printed as it is now; by itself only where that is enabled. One
-- that has expired gives way. Answers its id; NULL where they have a valid one, or none is to be given. For the functions below.
CREATE OR REPLACE FUNCTION app.certify(person uuid, course uuid, path uuid, by_hand boolean) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    what   record;
    made   uuid;
BEGIN
    IF path IS NULL THEN
        SELECT coalesce(s.title, c.title) AS title, s.text, s.signatory, s.valid_months, coalesce(s.is_enabled, false) AS is_enabled,
               (SELECT g.final_grade FROM enrollment_grade g WHERE g.tenant_id = school AND g.user_id = person AND g.course_id = course) AS grade INTO what
            FROM public.course c LEFT JOIN course_certificate s ON s.tenant_id = c.tenant_id AND s.course_id = c.id WHERE c.tenant_id = school AND c.id = course;
    ELSE
        SELECT coalesce(s.title, p.title) AS title, s.text, s.signatory, s.valid_months, coalesce(s.is_enabled, false) AS is_enabled, NULL::double precision AS grade INTO what
            FROM learning_path p LEFT JOIN path_certificate s ON s.tenant_id = p.tenant_id AND s.path_id = p.id WHERE p.tenant_id = school AND p.id = path;
    END IF;
    IF what.title IS NULL OR NOT (by_hand OR what.is_enabled) THEN
        RETURN NULL;
    END IF;
    UPDATE certificate o SET superseded_at = now()
        WHERE o.tenant_id = school AND o.user_id = person AND (o.course_id = course OR o.path_id = path) AND o.revoked_at IS NULL AND o.superseded_at IS NULL
          AND o.expires_at <= now();
    INSERT INTO certificate AS n (tenant_id, id, code, user_id, course_id, path_id, learner_name, title, text, signatory, school_name, grade, issued_at, expires_at)
        SELECT school, app.uuid_v7(), app.certificate_code(), u.id, course, path, u.name, what.title, what.text, what.signatory, t.name, what.grade, now(),
               (now() AT TIME ZONE t.time_zone + make_interval(months => what.valid_months)) AT TIME ZONE t.time_zone
        FROM app_user u JOIN tenant t ON t.tenant_id = u.tenant_id WHERE u.tenant_id = school AND u.id = person AND u.deleted_at IS NULL
        ON CONFLICT DO NOTHING RETURNING n.id INTO made;
    RETURN made;
END
$$;

-- Somebody has completed a course, or a path, whatever caused it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.certify_completion() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF TG_TABLE_NAME = 'enrollment' THEN
        IF EXISTS (SELECT FROM course_certificate s WHERE s.tenant_id = NEW.tenant_id AND s.course_id = NEW.course_id AND s.is_enabled) THEN
            PERFORM app.certify(NEW.user_id, NEW.course_id, NULL, false);
        END IF;
    ELSE
        PERFORM app.certify(NEW.user_id, NULL, NEW.path_id, false);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_certify_new AFTER INSERT ON enrollment FOR EACH ROW WHEN (NEW.status = 'COMPLETED') EXECUTE FUNCTION app.certify_completion();
CREATE OR REPLACE TRIGGER enrollment_certify AFTER UPDATE ON enrollment FOR EACH ROW
    WHEN (NEW.status = 'COMPLETED' AND OLD.status <> 'COMPLETED') EXECUTE FUNCTION app.certify_completion();
CREATE OR REPLACE TRIGGER path_enrollment_certify AFTER UPDATE ON path_enrollment FOR EACH ROW
    WHEN (NEW.status = 'COMPLETED' AND OLD.status <> 'COMPLETED') EXECUTE FUNCTION app.certify_completion();

-- Certifies by hand what a person has completed. It waits for whoever changes that, or deletes the person, at this moment. Reveals: to CERTIFICATE_MANAGE, the
-- certificate's id; NULL where there is no such person.
CREATE OR REPLACE FUNCTION app.issue_certificate(person uuid, course uuid, path uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made uuid;
BEGIN
    IF NOT app.can('CERTIFICATE_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to certify';
    END IF;
    IF path IS NULL THEN
        PERFORM FROM enrollment e WHERE e.tenant_id = app.tenant_id() AND e.user_id = person AND e.course_id = course AND e.status = 'COMPLETED' FOR NO KEY UPDATE;
    ELSE
        PERFORM FROM path_enrollment e WHERE e.tenant_id = app.tenant_id() AND e.user_id = person AND e.path_id = path AND e.status = 'COMPLETED' FOR NO KEY UPDATE;
    END IF;
    IF NOT FOUND THEN
        PERFORM app.refuse('certificate_not_completed');
    ELSIF NOT app.hold_person(person) THEN
        RETURN NULL;
    END IF;
    made := app.certify(person, course, path, true);
    IF made IS NULL THEN
        PERFORM app.refuse('certificate_issued');
    END IF;
    RETURN made;
END
$$;

-- Revokes a certificate. Reveals: to CERTIFICATE_MANAGE, whether there is one.
CREATE OR REPLACE FUNCTION app.revoke_certificate(wanted uuid, reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    was timestamptz;
BEGIN
    IF NOT app.can('CERTIFICATE_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to revoke';
    END IF;
    SELECT c.revoked_at INTO was FROM certificate c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    ELSIF was IS NOT NULL THEN
        PERFORM app.refuse('certificate_revoked');
    END IF;
    UPDATE certificate c SET revoked_at = now(), revoke_reason = reason WHERE c.tenant_id = app.tenant_id() AND c.id = wanted;
    RETURN true;
END
$$;

-- All that is printed on a certificate, by the school's short name and the code, for anybody; the transaction stays in the school that it is in. Also where
-- the school's subscription has lapsed; not of a school that is suspended. Reveals: to whoever knows the code, that.
CREATE OR REPLACE FUNCTION app.verify_certificate(school text, presented text)
    RETURNS TABLE (status text, school_name text, learner_name text, title text, text text, signatory text, grade double precision, issued_at timestamptz,
                   expires_at timestamptz, revoked_at timestamptz, code text, time_zone text, locale text, primary_color text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    opened_for CONSTANT text := current_setting('app.tenant_id', true);
    found_in   record;
BEGIN
    SELECT t.tenant_id, t.time_zone INTO found_in FROM tenant t WHERE t.slug = lower(school) AND t.suspended_at IS NULL;
    IF FOUND THEN
        PERFORM set_config('app.tenant_id', found_in.tenant_id::text, true);
        RETURN QUERY
            SELECT app.certificate_status(c.revoked_at, c.expires_at), c.school_name, c.learner_name, c.title, c.text, c.signatory, c.grade, c.issued_at, c.expires_at,
                   c.revoked_at, c.code, found_in.time_zone, s.locale, s.primary_color
            FROM certificate c LEFT JOIN tenant_settings s ON s.tenant_id = c.tenant_id WHERE c.tenant_id = found_in.tenant_id AND c.code = presented;
        PERFORM set_config('app.tenant_id', coalesce(opened_for, ''), true);
    END IF;
END
$$;

-- The certificates that the actor sees without any permission: their own, and those of the courses that they are staff of. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.own_certificates() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('COURSE_UPDATE_ALL') THEN
        RETURN QUERY SELECT c.id FROM certificate c WHERE c.tenant_id = app.tenant_id() AND (c.course_id IS NOT NULL OR c.user_id = app.user_id());
    ELSE
        RETURN QUERY
            SELECT c.id FROM certificate c WHERE c.tenant_id = app.tenant_id() AND c.user_id = app.user_id()
            UNION
            SELECT c.id FROM app.taught_courses() AS t(id) JOIN certificate c ON c.tenant_id = app.tenant_id() AND c.course_id = t.id;
    END IF;
END
$$;

-- Tells people that certificates of theirs expire within 30 days. Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.remind_of_certificates(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due   record;
    count integer := 0;
BEGIN
    FOR due IN UPDATE certificate c SET reminded_at = now() WHERE c.tenant_id = app.tenant_id() AND c.id IN (
        SELECT o.id FROM certificate o WHERE o.tenant_id = app.tenant_id() AND o.expires_at > now() AND o.expires_at <= now() + interval '720 hours'
          AND o.revoked_at IS NULL AND o.reminded_at IS NULL ORDER BY o.id LIMIT at_most FOR NO KEY UPDATE) RETURNING c.id, c.user_id, c.course_id, c.title, c.expires_at LOOP
        IF app.notifies('notify.certificate_expires_soon') THEN
            PERFORM app.emit('notify.certificate_expires_soon', app.type_id('certificate', due.id), NULL,
                jsonb_build_object('person', due.user_id, 'facts', jsonb_build_object('title', due.title, 'until', due.expires_at)));
        END IF;
        count := count + 1;
    END LOOP;
    RETURN count;
END
$$;

-- Tells of a certificate that is new or was revoked. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_certificate() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN 'certificate.issued' ELSE 'certificate.revoked' END;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.wants_event(type) THEN
        PERFORM app.emit(type, app.type_id('certificate', NEW.id), jsonb_build_object(
                'id', app.type_id('certificate', NEW.id), 'userId', app.type_id('user', NEW.user_id),
                'courseId', app.type_id('course', NEW.course_id), 'pathId', app.type_id('path', NEW.path_id), 'expiresAt', NEW.expires_at),
            CASE WHEN app.notifies(type) THEN jsonb_build_object('person', NEW.user_id, 'facts', jsonb_build_object('title', NEW.title)) END);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER certificate_tell_new AFTER INSERT ON certificate FOR EACH ROW EXECUTE FUNCTION app.tell_of_certificate();
CREATE OR REPLACE TRIGGER certificate_tell AFTER UPDATE ON certificate FOR EACH ROW
    WHEN (NEW.revoked_at IS NOT NULL AND OLD.revoked_at IS NULL) EXECUTE FUNCTION app.tell_of_certificate();

-- A deleted person's certificates are revoked and nameless.
CREATE OR REPLACE FUNCTION app.retire_certificates() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE certificate c SET learner_name = 'Deleted user', revoked_at = coalesce(c.revoked_at, now()) WHERE c.tenant_id = NEW.tenant_id AND c.user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_certificates AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_certificates();

-- A course goes for good; its certificates stay. For app.purge_course.
CREATE OR REPLACE FUNCTION app.purge_from_certificates(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE certificate c SET course_id = NULL WHERE c.tenant_id = app.tenant_id() AND c.course_id = wanted;
    DELETE FROM course_certificate s WHERE s.tenant_id = app.tenant_id() AND s.course_id = wanted;
END
$$;

CREATE OR REPLACE TRIGGER course_certificate_audit AFTER INSERT OR UPDATE OR DELETE ON course_certificate FOR EACH ROW EXECUTE FUNCTION app.audit('Course', 'course_id');
CREATE OR REPLACE TRIGGER path_certificate_audit AFTER INSERT OR UPDATE OR DELETE ON path_certificate FOR EACH ROW EXECUTE FUNCTION app.audit('LearningPath', 'path_id');
-- Without the name on it, which would outlive the person in the log.
CREATE OR REPLACE TRIGGER certificate_audit AFTER INSERT OR UPDATE OR DELETE ON certificate FOR EACH ROW EXECUTE FUNCTION app.audit('Certificate', 'id', 'learner_name,text,signatory,school_name,superseded_at');

GRANT EXECUTE ON FUNCTION app.issue_certificate(uuid, uuid, uuid), app.revoke_certificate(uuid, text), app.verify_certificate(text, text), app.own_certificates(),
    app.remind_of_certificates(integer) TO lectern_app;
