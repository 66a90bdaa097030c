-- What a demo school books beside people, and when people and things are open week by week. Runs after life.sql. What lies years ahead is nobody's:
-- the weekly rules end within a year.
INSERT INTO resource (tenant_id, id, name, kind, description, location, tags, mode, capacity, setup_minutes, teardown_minutes, time_zone, created_at, updated_at)
    SELECT t.tenant_id, pg_temp.id('resource:' || r.key), r.name, r.kind, r.description, r.location, r.tags, r.mode, r.capacity, r.setup, r.teardown, t.time_zone,
           now() - make_interval(days => 300 - 20 * r.nth::integer), now() - interval '30 days'
    FROM tenant t CROSS JOIN (SELECT s.*, row_number() OVER (ORDER BY s.key) AS nth FROM seed_resource s) AS r
    WHERE t.tenant_id = pg_temp.id('tenant');

-- Every instructor, by the shifts of the school, on the days that are not their days off.
INSERT INTO availability_rule (tenant_id, id, instructor_id, weekdays, from_time, until_time, time_zone, valid_from, valid_until, created_at)
    SELECT t.tenant_id, pg_temp.id('hours:' || i.key || ':' || s.starts), pg_temp.id('user:' || i.key), d.days, to_char(s.starts, 'HH24:MI'), to_char(s.ends, 'HH24:MI'), t.time_zone,
           d.today - 14, d.today + 330, now() - interval '20 days'
    FROM tenant t
    CROSS JOIN (SELECT row_number() OVER (ORDER BY (p.key <> 'instructor'), p.joined_days_ago DESC) - 1, p.key FROM seed_person p WHERE p.role = 'INSTRUCTOR') AS i(place, key)
    CROSS JOIN seed_shift s
    CROSS JOIN LATERAL (
        SELECT (now() AT TIME ZONE t.time_zone)::date, array_agg(w.name ORDER BY w.day)
        FROM unnest('{MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY,SATURDAY,SUNDAY}'::text[]) WITH ORDINALITY AS w(name, day)
        WHERE w.day NOT IN (1 + (i.place * 2 + 5) % 7, 1 + (i.place * 2 + 6) % 7)) AS d(today, days)
    WHERE t.tenant_id = pg_temp.id('tenant');

-- Things that are not open day and night.
INSERT INTO availability_rule (tenant_id, id, resource_id, weekdays, from_time, until_time, time_zone, valid_from, valid_until, created_at)
    SELECT t.tenant_id, pg_temp.id('hours:' || r.key), pg_temp.id('resource:' || r.key), '{MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY,SATURDAY}', r.hours[1], r.hours[2], t.time_zone,
           (now() AT TIME ZONE t.time_zone)::date - 100, (now() AT TIME ZONE t.time_zone)::date + 330, now() - interval '100 days'
    FROM tenant t CROSS JOIN seed_resource r WHERE t.tenant_id = pg_temp.id('tenant') AND r.hours IS NOT NULL;

-- Two are away for a while, in weeks in which nothing is booked yet.
INSERT INTO time_off (tenant_id, id, instructor_id, starts_at, ends_at, reason, created_at)
    SELECT t.tenant_id, pg_temp.id('timeoff:' || a.key), pg_temp.id('user:' || a.key), (a.first_day)::timestamp AT TIME ZONE t.time_zone, (a.first_day + a.days)::timestamp AT TIME ZONE t.time_zone, a.reason,
           now() - interval '8 days'
    FROM tenant t
    CROSS JOIN LATERAL (
        SELECT p.key, (now() AT TIME ZONE t.time_zone)::date + 20 + 9 * p.nth::integer, 5, (ARRAY['Walking holiday', 'A course of my own'])[p.nth]
        FROM (SELECT s.key, row_number() OVER (ORDER BY s.joined_days_ago, s.key) AS nth FROM seed_person s WHERE s.role = 'INSTRUCTOR') AS p
        WHERE p.nth <= 2) AS a(key, first_day, days, reason)
    WHERE t.tenant_id = pg_temp.id('tenant');
-- And one thing is out of service.
INSERT INTO time_off (tenant_id, id, resource_id, starts_at, ends_at, reason, created_at)
    SELECT t.tenant_id, pg_temp.id('timeoff:' || r.key), pg_temp.id('resource:' || r.key),
           ((now() AT TIME ZONE t.time_zone)::date + 3)::timestamp AT TIME ZONE t.time_zone, ((now() AT TIME ZONE t.time_zone)::date + 5)::timestamp AT TIME ZONE t.time_zone,
           'Maintenance', now() - interval '2 days'
    FROM tenant t CROSS JOIN seed_resource r WHERE t.tenant_id = pg_temp.id('tenant') AND r.hours IS NOT NULL ORDER BY r.key LIMIT 1;

-- The lessons of some instructors take a thing, each instructor always the same: so none is in the way of another.
INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
    SELECT b.tenant_id, b.id, pg_temp.id('resource:' || r.key), 1, r.setup, r.teardown
    FROM (SELECT p.key, row_number() OVER (ORDER BY (p.key <> 'instructor'), p.joined_days_ago DESC) AS nth FROM seed_person p WHERE p.role = 'INSTRUCTOR') AS i
    JOIN (SELECT s.*, row_number() OVER (ORDER BY s.key) AS nth FROM seed_resource s WHERE s.mode = 'FREE' AND s.hours IS NULL) AS r ON r.nth = i.nth
    JOIN booking b ON b.tenant_id = pg_temp.id('tenant') AND b.instructor_id = pg_temp.id('user:' || i.key) AND b.status IN ('ASSIGNED', 'COMPLETED');
-- Claimed as the service would have.
INSERT INTO time_claim (tenant_id, id, kind, party_id, booking_id, starts_at, ends_at)
    SELECT b.tenant_id, app.uuid_v7(), 'RESOURCE', l.resource_id, b.id, b.starts_at - make_interval(mins => l.setup_minutes), b.ends_at + make_interval(mins => l.teardown_minutes)
    FROM booking_resource l JOIN booking b ON b.tenant_id = l.tenant_id AND b.id = l.booking_id WHERE l.tenant_id = pg_temp.id('tenant');
