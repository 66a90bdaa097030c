-- Groups: membership, capacity, counts.

-- The groups that the actor is a member of. Reveals: to a member, the own groups.
CREATE OR REPLACE FUNCTION app.my_groups() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT m.group_id FROM group_member m WHERE m.tenant_id = app.tenant_id() AND m.user_id = app.user_id();
END
$$;

-- Members per group. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.member_counts(groups uuid[]) RETURNS TABLE (group_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT m.group_id, count(*) FROM group_member m
        WHERE m.tenant_id = app.tenant_id() AND m.group_id = ANY (groups) GROUP BY m.group_id;
END
$$;

-- Groups found by the beginnings of words in name and description. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_user_group(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT g.id FROM user_group g
        WHERE g.tenant_id = app.tenant_id() AND g.search @@ wanted AND g.deleted_at IS NULL;
END
$$;

-- Refuses when a group holds more members than its capacity, or is gone. Whoever changes either waits for the group's turn.
CREATE OR REPLACE FUNCTION app.check_group_capacity(tenant uuid, wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    places integer;
    used   bigint;
BEGIN
    PERFORM app.lock_for('group', wanted);
    IF EXISTS (SELECT FROM user_group g WHERE g.tenant_id = tenant AND g.id = wanted AND g.deleted_at IS NOT NULL) THEN
        PERFORM app.refuse('user_group_deleted');
    END IF;
    SELECT g.capacity INTO places FROM user_group g WHERE g.tenant_id = tenant AND g.id = wanted;
    IF places IS NOT NULL THEN
        SELECT count(*) INTO used FROM group_member m WHERE m.tenant_id = tenant AND m.group_id = wanted;
        IF used > places THEN
            PERFORM app.refuse('user_group_places', jsonb_build_object('limit', places)::text);
        END IF;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION app.check_new_members() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT DISTINCT m.tenant_id, m.group_id FROM new_rows m ORDER BY m.group_id LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        PERFORM app.check_group_capacity(wanted.tenant_id, wanted.group_id);
        PERFORM app.check_people_are_here(wanted.tenant_id, ARRAY(SELECT m.user_id FROM new_rows m WHERE m.group_id = wanted.group_id));
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER group_member_new AFTER INSERT ON group_member REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_new_members();

CREATE OR REPLACE FUNCTION app.check_capacity_of_group() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.check_group_capacity(NEW.tenant_id, NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_group_capacity AFTER UPDATE ON user_group FOR EACH ROW
    WHEN (NEW.capacity IS DISTINCT FROM OLD.capacity AND NEW.capacity IS NOT NULL) EXECUTE FUNCTION app.check_capacity_of_group();

-- A group with members is emptied before it is deleted.
CREATE OR REPLACE FUNCTION app.check_group_unused() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('group', NEW.id);
    IF EXISTS (SELECT FROM group_member m WHERE m.tenant_id = NEW.tenant_id AND m.group_id = NEW.id) THEN
        PERFORM app.refuse('user_group_in_use');
    END IF;
    DELETE FROM group_course c WHERE c.tenant_id = NEW.tenant_id AND c.group_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_group_unused AFTER UPDATE ON user_group FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.check_group_unused();

CREATE OR REPLACE TRIGGER user_group_touch BEFORE UPDATE ON user_group FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER user_group_audit AFTER INSERT OR UPDATE OR DELETE ON user_group FOR EACH ROW EXECUTE FUNCTION app.audit('Group', 'id', 'join_key');
CREATE OR REPLACE TRIGGER group_member_audit AFTER INSERT OR UPDATE OR DELETE ON group_member FOR EACH ROW EXECUTE FUNCTION app.audit('Group', 'group_id');
CREATE OR REPLACE TRIGGER group_course_audit AFTER INSERT OR UPDATE OR DELETE ON group_course FOR EACH ROW EXECUTE FUNCTION app.audit('Group', 'group_id');

-- Tells of people who have become members of a group, or are none any more: once a statement and group. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_members() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN 'group.members_added' ELSE 'group.members_removed' END;
    school record;
BEGIN
    FOR school IN SELECT DISTINCT m.tenant_id FROM changed_rows m LOOP
        PERFORM app.enter_tenant(school.tenant_id);
        IF app.wants_event(type) THEN
            PERFORM app.emit(type, app.type_id('group', m.group_id), jsonb_build_object(
                    'id', app.type_id('group', m.group_id), 'userIds', jsonb_agg(app.type_id('user', m.user_id) ORDER BY m.user_id)))
                FROM changed_rows m WHERE m.tenant_id = school.tenant_id GROUP BY m.group_id;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER group_member_tell_new AFTER INSERT ON group_member REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.tell_of_members();
CREATE OR REPLACE TRIGGER group_member_tell_gone AFTER DELETE ON group_member REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.tell_of_members();

-- Tells members of the published courses that their group is given, by one event a course: those who gain it, for they are in it by nobody's doing
-- and no other group of theirs has it. Not where the group enrolls them: they are told that. It waits for the turn of the group and of its courses, so
-- that of a gift and a publication at once the later one sees the earlier. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_given_courses() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    given record;
BEGIN
    FOR given IN SELECT n.tenant_id, n.group_id, array_agg(n.course_id ORDER BY n.course_id) AS courses FROM new_rows n
                 GROUP BY n.tenant_id, n.group_id ORDER BY n.tenant_id, n.group_id LOOP
        PERFORM app.enter_tenant(given.tenant_id);
        CONTINUE WHEN NOT app.notifies('notify.course_given');
        PERFORM app.lock_for('group', given.group_id);
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM user_group g WHERE g.tenant_id = given.tenant_id AND g.id = given.group_id AND NOT g.auto_enroll AND g.deleted_at IS NULL);
        PERFORM app.lock_for('course', c.id) FROM unnest(given.courses) AS c(id);
        PERFORM app.emit('notify.course_given', app.type_id('course', t.course_id), NULL, jsonb_build_object('course', t.course_id, 'people', t.people))
            FROM (SELECT c.id AS course_id, jsonb_agg(m.user_id ORDER BY m.user_id) AS people
                  FROM course c JOIN group_member m ON m.tenant_id = c.tenant_id AND m.group_id = given.group_id
                  WHERE c.tenant_id = given.tenant_id AND c.id = ANY (given.courses) AND c.status = 'PUBLISHED' AND c.deleted_at IS NULL
                    AND NOT EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = c.tenant_id AND e.course_id = c.id AND e.user_id = m.user_id
                                    AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED'))
                    AND NOT EXISTS (SELECT FROM group_course o
                                    JOIN user_group g ON g.tenant_id = o.tenant_id AND g.id = o.group_id AND g.deleted_at IS NULL
                                    JOIN group_member h ON h.tenant_id = o.tenant_id AND h.group_id = o.group_id AND h.user_id = m.user_id
                                    WHERE o.tenant_id = c.tenant_id AND o.course_id = c.id AND o.group_id <> given.group_id)
                  GROUP BY c.id) AS t;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER group_course_tell_new AFTER INSERT ON group_course REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.tell_of_given_courses();

-- The keys by which people join some groups. Reveals: to GROUP_UPDATE, these keys.
CREATE OR REPLACE FUNCTION app.join_keys(groups uuid[]) RETURNS TABLE (group_id uuid, join_key text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('GROUP_UPDATE') THEN
        RETURN QUERY SELECT g.id, g.join_key FROM user_group g
            WHERE g.tenant_id = app.tenant_id() AND g.id = ANY (groups) AND g.join_key IS NOT NULL AND g.deleted_at IS NULL;
    END IF;
END
$$;

-- Makes the actor a member of the group that has this key, and enrolls them where the group says so. Reveals: to whoever gives the key, the group; NULL where
-- no group has it.
CREATE OR REPLACE FUNCTION app.join_group(presented text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted uuid;
BEGIN
    IF NOT app.can('ENROLLMENT_SELF') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to join';
    END IF;
    SELECT g.id INTO wanted FROM user_group g
        WHERE g.tenant_id = app.tenant_id() AND lower(g.join_key) = lower(presented) AND g.join_key IS NOT NULL AND g.deleted_at IS NULL;
    IF wanted IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO group_member (tenant_id, group_id, user_id) VALUES (app.tenant_id(), wanted, app.user_id()) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        PERFORM app.refuse('group_member_already');
    END IF;
    PERFORM app.enroll_members(wanted, ARRAY[app.user_id()], NULL, true);
    RETURN wanted;
END
$$;

GRANT EXECUTE ON FUNCTION app.my_groups(), app.member_counts(uuid[]), app.search_user_group(text), app.join_keys(uuid[]), app.join_group(text) TO lectern_app;
