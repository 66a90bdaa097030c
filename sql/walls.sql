-- The wall that every table of schools stands behind. Each file of policies/ calls it, and is applied anew where it changes.

-- Raises the wall of a tenant table: row security on and forced, every older policy gone, one RESTRICTIVE policy for the
-- tenant that no later policy can widen, one for the tenant's subscription, and the operator's own policy.
-- Nobody but lectern_platform holds a grant afterwards; the policy file of the domain gives the narrow ones.
-- A table is `searched` where a function of lectern_definer finds rows by operators that are not leakproof (@@, @>, lower):
-- behind any policy these can't use an index. There, that role reads past the wall, and each of its functions names the tenant.
CREATE OR REPLACE PROCEDURE app.raise_wall(target regclass, needs_subscription boolean DEFAULT true, searched boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
    stale name;
    verb  text;
BEGIN
    FOR stale IN SELECT polname FROM pg_policy WHERE polrelid = target LOOP
        EXECUTE format('DROP POLICY %I ON %s', stale, target);
    END LOOP;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target); -- the owner is no exception
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, lectern_app, lectern_definer, lectern_platform', target);

    EXECUTE format($wall$CREATE POLICY tenant_wall ON %s AS RESTRICTIVE TO lectern_app%s
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
END
$$;
