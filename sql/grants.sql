-- Who may call what. Every SECURITY DEFINER function belongs to lectern_definer and is closed to PUBLIC; the service may
-- call those named here. Triggers need no grant.
GRANT USAGE ON SCHEMA app TO lectern_app, lectern_definer, lectern_platform;
GRANT USAGE ON SCHEMA public TO lectern_app, lectern_definer, lectern_platform;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- Seeds and data migrations gather their rows in temporary tables, also where PUBLIC may make none.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO lectern_platform', current_database()); END $$;
GRANT CREATE ON SCHEMA app TO lectern_definer; -- only for taking the functions over; nobody can sign in as it

REVOKE ALL ON ALL ROUTINES IN SCHEMA app FROM PUBLIC;
DO $$
DECLARE
    routine record;
BEGIN
    FOR routine IN SELECT p.oid::regprocedure AS signature, p.prosecdef, p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype AS callable
                   FROM pg_proc p WHERE p.pronamespace = 'app'::regnamespace AND p.prokind = 'f'
    LOOP
        IF routine.prosecdef THEN
            EXECUTE format('ALTER FUNCTION %s OWNER TO lectern_definer', routine.signature);
        ELSIF routine.callable THEN -- reads settings only: harmless, and policies need it
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO lectern_app, lectern_definer, lectern_platform', routine.signature);
        END IF;
    END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA app FROM lectern_definer;

GRANT EXECUTE ON FUNCTION
    app.load_actor(uuid, uuid, uuid), app.find_credential(text, text), app.own_password_hash(), app.change_own_password(text, text),
    app.set_first_password(uuid, text), app.begin_session(uuid, integer, uuid, bytea, timestamptz),
    app.issue_refresh_token(uuid, bytea, timestamptz), app.rotate_refresh_token(bytea, bytea, timestamptz), app.revoke_reused_session(uuid), app.outranks(uuid), app.may_grant(uuid),
    app.acquaintances(), app.search_app_user(text), app.public_tenants(text),
    app.audit_refusal(text, text, uuid, text, text),
    app.failed_sign_ins(bytea[], integer[], interval), app.count_failed_sign_in(bytea[], interval), app.merge_budgets(bytea[], bigint[], bigint[]),
    app.search_course(text), app.tagged_course(text), app.enrollment_key_is_wrong(uuid, text), app.enrollment_counts(uuid[]),
    app.auto_enroll(uuid, uuid[], uuid[], boolean), app.auto_enroll_published(uuid),
    app.my_groups(), app.member_counts(uuid[]), app.search_user_group(text),
    app.busy_span(uuid, uuid, timestamptz, timestamptz, uuid), app.busy_spans(uuid, timestamptz, timestamptz), app.hold_instructor(uuid)
    TO lectern_app;
GRANT EXECUTE ON FUNCTION app.create_system_roles(uuid) TO lectern_platform;
REVOKE EXECUTE ON FUNCTION app.create_system_roles(uuid) FROM lectern_app, lectern_definer;
-- Functions of lectern_definer call one another.
GRANT EXECUTE ON FUNCTION app.check_course_seats(uuid, uuid), app.check_group_capacity(uuid, uuid), app.check_people_are_here(uuid, uuid[]),
    app.outranks(uuid), app.teaches(uuid, uuid), app.issue_refresh_token(uuid, bytea, timestamptz) TO lectern_definer;

-- What functions say may be something else from now on: every actor is loaded anew.
SET LOCAL ROLE lectern_definer;
DO $$
DECLARE
    school uuid;
BEGIN
    FOR school IN SELECT t.tenant_id FROM tenant t LOOP
        PERFORM app.enter_tenant(school);
        INSERT INTO access_version (tenant_id, version) VALUES (school, pg_current_xact_id()::text::bigint)
            ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version;
    END LOOP;
END
$$;
SET LOCAL ROLE lectern_owner;
