-- The platform: what whoever runs the deployment may do, over the role lectern_desk.

-- Whether a school is being erased: suspended, asked for, and begun. Then, and for that school alone, lectern_desk may delete rows. Reveals: that
-- one bit of the transaction's own school.
CREATE OR REPLACE FUNCTION app.is_being_erased(school uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tenant_erasure e
        WHERE e.tenant_id = '00000000-0000-0000-0000-000000000000' AND e.school_id = school AND e.state = 'RUNNING');
END
$$;
GRANT EXECUTE ON FUNCTION app.is_being_erased(uuid) TO lectern_desk, lectern_definer;
