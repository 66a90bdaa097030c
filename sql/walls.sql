-- The wall that every table of schools stands behind. Each file of policies/ calls it, and is applied anew where it changes.

-- Raises the wall of a tenant table: row security on and forced, every older policy gone, one RESTRICTIVE policy for the
-- tenant that no later policy can widen, one for the tenant's subscription, the operator's own policy, and those of lectern_desk: it reads
-- the one school that its transaction names, but for columns whose comment calls them secret, and deletes rows of a school that is being erased.
-- Nobody but these two holds a grant afterwards; the policy file of the domain gives the narrow ones.
-- A table is `searched` where a function of lectern_definer finds rows by operators that are not leakproof (@@, @>, lower):
-- behind any policy these can't use an index. There, that role reads past the wall, and each of its functions names the tenant.
CREATE OR REPLACE PROCEDURE app.raise_wall(target regclass, needs_subscription boolean DEFAULT true, searched boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
    stale name;
    verb  text;
    plain text;
BEGIN
    FOR stale IN SELECT polname FROM pg_policy WHERE polrelid = target LOOP
        EXECUTE format('DROP POLICY %I ON %s', stale, target);
    END LOOP;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target); -- the owner is no exception
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk', target);

    EXECUTE format($wall$CREATE POLICY tenant_wall ON %s AS RESTRICTIVE TO lectern_app, lectern_desk%s
        USING (tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid))$wall$, target, CASE WHEN searched THEN '' ELSE ', lectern_definer' END);
    IF searched THEN
        FOREACH verb IN ARRAY '{INSERT,UPDATE,DELETE}'::text[] LOOP
            EXECUTE format($wall$CREATE POLICY %s ON %s AS RESTRICTIVE FOR %s TO lectern_definer %s
                (tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid))$wall$,
                'definer_wall_' || lower(verb), target, verb, CASE verb WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END);
        END LOOP;
    END IF;
    IF needs_subscription THEN
        EXECUTE format($wall$CREATE POLICY subscription_wall ON %s AS RESTRICTIVE TO lectern_app
            USING ((SELECT EXISTS (SELECT FROM public.tenant t
                WHERE t.tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid) AND t.suspended_at IS NULL
                  AND t.subscription_start <= now() AND (t.subscription_end IS NULL OR now() < t.subscription_end))))$wall$, target);
    END IF;

    EXECUTE format('CREATE POLICY platform ON %s TO lectern_platform USING (true) WITH CHECK (true)', target);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO lectern_platform', target);

    EXECUTE format('CREATE POLICY desk_read ON %s FOR SELECT TO lectern_desk USING (true)', target);
    EXECUTE format($desk$CREATE POLICY desk_erase ON %s FOR DELETE TO lectern_desk
        USING ((SELECT app.is_being_erased((SELECT current_setting('app.tenant_id', true)::uuid))))$desk$, target);
    SELECT CASE WHEN bool_or(s.is_secret) THEN '(' || string_agg(quote_ident(s.name), ', ' ORDER BY s.nth) FILTER (WHERE NOT s.is_secret) || ')' ELSE '' END
        INTO plain FROM (SELECT a.attname AS name, a.attnum AS nth, coalesce(col_description(a.attrelid, a.attnum) LIKE 'secret%', false) AS is_secret
                         FROM pg_attribute a WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped) AS s;
    EXECUTE format('GRANT SELECT %s, DELETE ON %s TO lectern_desk', plain, target);
END
$$;

-- What belongs to the deployment and to no school: lectern_desk reads it, and no erasure reaches it. Its comment says so: any other table with a
-- `tenant_id` that this role can't read and empty makes exports and erasures fail. Called after app.raise_wall.
CREATE OR REPLACE PROCEDURE app.keep_for_desk(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP POLICY desk_erase ON %s', target);
    EXECUTE format('REVOKE DELETE ON %s FROM lectern_desk', target);
    EXECUTE format('COMMENT ON TABLE %s IS %L', target, 'platform: of no school');
END
$$;
