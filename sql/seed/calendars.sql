-- Calendars of a demo school that are kept elsewhere. Runs after scheduling.sql.

-- The learner and the instructor read theirs on a phone. Nobody knows these addresses: rotate one to see another.
INSERT INTO calendar_feed (tenant_id, id, owner_id, name, secret_hash, hint, last_read_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('feed:' || f.owner), pg_temp.id('user:' || f.owner), 'My phone', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), f.hint,
           now() - interval '20 minutes', now() - interval '12 days'
    FROM (VALUES ('learner', 'Zk3Q'), ('instructor', 'w9_A')) AS f(owner, hint);

-- The instructor has brought a calendar along as a file: Wednesdays at four (sql/seed/wednesdays.ics), by the clock of the school.
INSERT INTO busy_source (tenant_id, id, instructor_id, name, content, time_zone, state, last_fetched_at, whole_fetched_at, next_fetch_at, created_at)
    SELECT t.tenant_id, pg_temp.id('busysource:file'), pg_temp.id('user:instructor'), 'Family calendar', decode(current_setting('seed.busy_file'), 'hex'), t.time_zone, 'OK',
           now() - interval '2 hours', now() - interval '2 hours', now() + interval '20 hours', now() - interval '6 days'
    FROM tenant t WHERE t.tenant_id = pg_temp.id('tenant');
INSERT INTO busy_block (tenant_id, source_id, starts_at, ends_at, instructor_id)
    SELECT s.tenant_id, s.id, (d.day + time '16:00') AT TIME ZONE s.time_zone, (d.day + time '17:00') AT TIME ZONE s.time_zone, s.instructor_id
    FROM busy_source s CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE s.time_zone)::date + n FROM generate_series(0, 399) AS n) AS d(day)
    WHERE s.tenant_id = pg_temp.id('tenant') AND extract(isodow FROM d.day) = 3;
UPDATE busy_source s SET block_count = (SELECT count(*) FROM busy_block k WHERE k.tenant_id = s.tenant_id AND k.source_id = s.id) WHERE s.tenant_id = pg_temp.id('tenant');
