-- The database roles. Run once per cluster by a superuser (or a role with CREATEROLE); idempotent.
-- `lectern migrate` runs it itself when its own role may create roles; the embedded server always may.
--
--   lectern_owner     owns the tables and migrates them. Forced row security makes even the owner see no rows.
--   lectern_definer   owns every SECURITY DEFINER function. Nobody can sign in as it.
--   lectern_app       serves requests: owns nothing, is a member of nothing, bypasses nothing.
--   lectern_platform  the operator's commands, seeds and data migrations.
--   lectern_desk      the platform's endpoint, exports and erasures: one school at a time, behind the same wall as lectern_app. Owns and bypasses nothing.
--   lectern_upkeep    the way from lectern_owner to lectern_platform, nothing else. It does not inherit: the owner sees no row by it,
--                     but may become lectern_platform (SET ROLE), as a migrate does for as long as it changes rows.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES ('lectern_owner', 'LOGIN'), ('lectern_definer', 'NOLOGIN'), ('lectern_app', 'LOGIN'), ('lectern_platform', 'LOGIN'), ('lectern_desk', 'LOGIN'),
                              ('lectern_upkeep', 'NOLOGIN NOINHERIT')) AS r(name, kind)
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
                EXECUTE format('CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION %s', wanted.name, wanted.kind);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another process created it at the same moment
        END;
    END LOOP;

    -- The owner hands functions over to lectern_definer, and for that must be a member of it.
    FOR wanted IN
        SELECT * FROM (VALUES ('lectern_owner', 'lectern_definer'),
                              ('lectern_upkeep', 'lectern_platform'), ('lectern_owner', 'lectern_upkeep')) AS m(name, joins)
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members WHERE member = wanted.name::regrole AND roleid = wanted.joins::regrole) THEN
                EXECUTE format('GRANT %I TO %I', wanted.joins, wanted.name);
            END IF;
        EXCEPTION WHEN unique_violation OR internal_error THEN
            NULL; -- another process granted it at the same moment ("tuple concurrently updated")
        END;
    END LOOP;
END
$$;
