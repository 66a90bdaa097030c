-- The four database roles. Run once per cluster by a superuser (or a role with CREATEROLE); idempotent.
-- `lectern migrate` runs it itself when its own role may create roles; the embedded server always may.
--
--   lectern_owner     owns the tables and migrates them. Forced row security makes even the owner see no rows.
--   lectern_definer   owns every SECURITY DEFINER function. Nobody can sign in as it.
--   lectern_app       serves requests: owns nothing, is a member of nothing, bypasses nothing.
--   lectern_platform  the operator's commands, seeds and data migrations.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES ('lectern_owner', true), ('lectern_definer', false), ('lectern_app', true), ('lectern_platform', true)) AS r(name, login)
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
                EXECUTE format('CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION %s',
                               wanted.name, CASE WHEN wanted.login THEN 'LOGIN' ELSE 'NOLOGIN' END);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another process created it at the same moment
        END;
    END LOOP;

    -- The owner hands functions over to the definer role, and for that must be a member of it.
    IF NOT pg_catalog.pg_has_role('lectern_owner', 'lectern_definer', 'MEMBER') THEN
        BEGIN
            GRANT lectern_definer TO lectern_owner;
        EXCEPTION WHEN unique_violation OR internal_error THEN
            NULL; -- another process granted it at the same moment ("tuple concurrently updated")
        END;
    END IF;
END
$$;
