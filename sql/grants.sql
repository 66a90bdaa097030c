-- Who may use which schema. Who may call a function stands in the function's file, who may touch a table in its policy file.
REVOKE ALL ON SCHEMA app FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
REVOKE ALL ON SCHEMA public FROM lectern_app, lectern_definer, lectern_platform, lectern_desk;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA app, public TO lectern_app, lectern_definer, lectern_platform, lectern_desk;
-- Seeds and data migrations gather their rows in temporary tables, also where PUBLIC may make none.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO lectern_platform', current_database()); END $$;
