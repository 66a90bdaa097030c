-- Projects: who is in them, who may do what inside, who follows an owner that goes.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   project_archived      nothing is changed inside a project that is archived
--   project_owner         the owner stays a MANAGER of the project
--   project_owner_only    deleting, restoring and transferring are the owner's, or PROJECT_MANAGE's
--   project_places        a project has at most 500 members

-- The projects that the actor is a member of, deleted ones left out. Reveals: to a member, the own projects.
CREATE OR REPLACE FUNCTION app.my_projects() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT m.project_id FROM project_member m JOIN project p ON p.tenant_id = m.tenant_id AND p.id = m.project_id
        WHERE m.tenant_id = app.tenant_id() AND m.user_id = app.user_id() AND p.deleted_at IS NULL;
END
$$;

-- The projects of one of these roles, deleted ones left out; every other one, too, for PROJECT_MANAGE. Reveals: to a member, the own projects.
CREATE OR REPLACE FUNCTION app.projects_as(roles text[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('PROJECT_MANAGE') THEN
        RETURN QUERY SELECT p.id FROM project p WHERE p.tenant_id = app.tenant_id() AND p.deleted_at IS NULL;
    ELSE
        RETURN QUERY SELECT m.project_id FROM project_member m JOIN project p ON p.tenant_id = m.tenant_id AND p.id = m.project_id
            WHERE m.tenant_id = app.tenant_id() AND m.user_id = app.user_id() AND m.role = ANY (roles) AND p.deleted_at IS NULL;
    END IF;
END
$$;

-- The projects whose inside the actor sees: the own ones; all for PROJECT_MANAGE.
CREATE OR REPLACE FUNCTION app.entered_projects() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT app.projects_as('{MANAGER,MEMBER,VIEWER}');
END
$$;

-- The projects in which the actor converses and adds documents: as MANAGER or MEMBER; all for PROJECT_MANAGE.
CREATE OR REPLACE FUNCTION app.joined_projects() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT app.projects_as('{MANAGER,MEMBER}');
END
$$;

-- The projects that the actor manages; all for PROJECT_MANAGE.
CREATE OR REPLACE FUNCTION app.managed_projects() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT app.projects_as('{MANAGER}');
END
$$;

-- Whether the actor sees what belongs to no project.
CREATE OR REPLACE FUNCTION app.sees_school_wide() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN app.can('AGENT_EXECUTE') OR app.can('AGENT_CREATE') OR app.can('AGENT_MANAGE') OR app.can('DOCUMENT_UPLOAD') OR app.can('DOCUMENT_DELETE');

-- What the actor is to a project, and where that stands; no row for one that they don't see. Waits for the project's turn where somebody is about to
-- change who is in it. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.project_standing(wanted uuid, takes_turn boolean)
    RETURNS TABLE (role text, is_owner boolean, is_archived boolean, is_deleted boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF takes_turn THEN
        PERFORM app.lock_for('project', wanted);
    END IF;
    RETURN QUERY
        SELECT CASE WHEN app.can('PROJECT_MANAGE') THEN 'MANAGER' ELSE m.role END, app.can('PROJECT_MANAGE') OR p.owner_id IS NOT DISTINCT FROM app.user_id(),
               p.is_archived, p.deleted_at IS NOT NULL
        FROM project p LEFT JOIN project_member m ON m.tenant_id = p.tenant_id AND m.project_id = p.id AND m.user_id = app.user_id()
        WHERE p.tenant_id = app.tenant_id() AND p.id = wanted
          AND (app.can('PROJECT_MANAGE') OR p.owner_id IS NOT DISTINCT FROM app.user_id()
               OR (p.deleted_at IS NULL AND (app.can('PROJECT_READ') OR m.user_id IS NOT NULL)));
END
$$;

-- Refuses where a project is archived. Whoever archives it waits for whoever is changing something in it. Reveals: that it is archived.
CREATE OR REPLACE FUNCTION app.require_open_project(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF wanted IS NULL THEN
        RETURN;
    END IF;
    PERFORM app.share_lock_for('project', wanted);
    IF EXISTS (SELECT FROM project p WHERE p.tenant_id = app.tenant_id() AND p.id = wanted AND p.is_archived) THEN
        PERFORM app.refuse('project_archived');
    END IF;
END
$$;

-- Archiving waits for whoever is changing something inside, so that nothing is changed afterwards.
CREATE OR REPLACE FUNCTION app.await_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('project', NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER project_await AFTER UPDATE OF is_archived ON project FOR EACH ROW WHEN (NEW.is_archived AND NOT OLD.is_archived) EXECUTE FUNCTION app.await_archived();

-- Members per project. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.project_member_counts(projects uuid[]) RETURNS TABLE (project_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT m.project_id, count(*) FROM project_member m
        WHERE m.tenant_id = app.tenant_id() AND m.project_id = ANY (projects) GROUP BY m.project_id;
END
$$;

-- Projects found by the beginnings of words in name and description. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_project(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT p.id FROM project p WHERE p.tenant_id = app.tenant_id() AND p.search @@ wanted;
END
$$;

-- Whoever creates a project is in it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.join_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    INSERT INTO project_member (tenant_id, project_id, user_id, role) VALUES (NEW.tenant_id, NEW.id, NEW.owner_id, 'MANAGER');
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER project_join_owner AFTER INSERT ON project FOR EACH ROW WHEN (NEW.owner_id IS NOT NULL) EXECUTE FUNCTION app.join_owner();

-- Who owns a project, and whether it is there, its owner changes alone, or PROJECT_MANAGE.
CREATE OR REPLACE FUNCTION app.check_project_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.owner_id, NEW.deleted_at) IS DISTINCT FROM (OLD.owner_id, OLD.deleted_at)
        AND NOT (app.can('PROJECT_MANAGE') OR OLD.owner_id IS NOT DISTINCT FROM app.user_id()) THEN
        PERFORM app.refuse('project_owner_only');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER project_change BEFORE UPDATE ON project FOR EACH ROW WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.check_project_change();

-- The owner neither leaves nor becomes less than a MANAGER. (Whoever changes memberships has the project's turn, as whoever transfers it.) Reveals nothing.
CREATE OR REPLACE FUNCTION app.keep_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(OLD.tenant_id);
    IF (TG_OP = 'DELETE' OR NEW.role <> 'MANAGER')
        AND EXISTS (SELECT FROM project p WHERE p.tenant_id = OLD.tenant_id AND p.id = OLD.project_id AND p.owner_id = OLD.user_id) THEN
        PERFORM app.refuse('project_owner');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
-- Before, for with the membership the project loses its owner.
CREATE OR REPLACE TRIGGER project_member_owner BEFORE UPDATE OR DELETE ON project_member FOR EACH ROW WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.keep_owner();

-- At most 500, all of them there. Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_new_project_members() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
    used   bigint;
BEGIN
    FOR wanted IN SELECT DISTINCT m.tenant_id, m.project_id FROM new_rows m ORDER BY m.project_id LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        PERFORM app.lock_for('project', wanted.project_id);
        SELECT count(*) INTO used FROM project_member m WHERE m.tenant_id = wanted.tenant_id AND m.project_id = wanted.project_id;
        IF used > 500 THEN
            PERFORM app.refuse('project_places', jsonb_build_object('limit', 500, 'used', used - (SELECT count(*) FROM new_rows n WHERE n.project_id = wanted.project_id))::text);
        END IF;
        PERFORM app.check_people_are_here(wanted.tenant_id, ARRAY(SELECT m.user_id FROM new_rows m WHERE m.project_id = wanted.project_id));
        IF app.notifies('notify.project_member_added') THEN
            PERFORM app.emit('notify.project_member_added', app.type_id('project', p.id), NULL, jsonb_build_object(
                    'people', (SELECT jsonb_agg(n.user_id ORDER BY n.user_id) FROM new_rows n WHERE n.project_id = wanted.project_id),
                    'facts', jsonb_build_object('project', p.name)))
                FROM project p WHERE p.tenant_id = wanted.tenant_id AND p.id = wanted.project_id;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER project_member_new AFTER INSERT ON project_member REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_new_project_members();

CREATE OR REPLACE TRIGGER project_member_archived AFTER INSERT OR UPDATE OR DELETE ON project_member FOR EACH ROW EXECUTE FUNCTION app.keep_archived('project_id');

-- A deleted person leaves their projects; what they owned passes to the MANAGER of longest standing, else to nobody. Reveals nothing.
CREATE OR REPLACE FUNCTION app.leave_projects() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    left_one uuid;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    FOR left_one IN SELECT m.project_id FROM project_member m WHERE m.tenant_id = NEW.tenant_id AND m.user_id = NEW.id ORDER BY m.project_id LOOP
        PERFORM app.lock_for('project', left_one);
        UPDATE project p SET owner_id = (SELECT m.user_id FROM project_member m WHERE m.tenant_id = p.tenant_id AND m.project_id = p.id
                AND m.role = 'MANAGER' AND m.user_id <> NEW.id ORDER BY m.joined_at, m.user_id LIMIT 1)
            WHERE p.tenant_id = NEW.tenant_id AND p.id = left_one AND p.owner_id = NEW.id;
    END LOOP;
    DELETE FROM project_member m WHERE m.tenant_id = NEW.tenant_id AND m.user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_leave_projects AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.leave_projects();

CREATE OR REPLACE TRIGGER project_touch BEFORE UPDATE ON project FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER project_audit AFTER INSERT OR UPDATE OR DELETE ON project FOR EACH ROW EXECUTE FUNCTION app.audit('Project', 'id');
CREATE OR REPLACE TRIGGER project_member_audit AFTER INSERT OR UPDATE OR DELETE ON project_member FOR EACH ROW EXECUTE FUNCTION app.audit('Project', 'project_id');

GRANT EXECUTE ON FUNCTION app.my_projects(), app.entered_projects(), app.joined_projects(), app.managed_projects(), app.project_standing(uuid, boolean),
    app.require_open_project(uuid), app.project_member_counts(uuid[]), app.search_project(text) TO lectern_app;
