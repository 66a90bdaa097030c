-- What else a demo school has: another system that was told of bookings, and what people did in the school's app. Runs after life.sql.

-- A receiver that answers no more since its latest four events, and was therefore paused. Nobody ever listens there.
INSERT INTO webhook_endpoint (tenant_id, id, url, description, event_types, state, secret, last_delivered_at, failures, failing_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('webhook:calendar'), 'https://hooks.example.invalid/', 'The calendar at the entrance', '{booking.requested,booking.cancelled}',
           'PAUSED', decode(current_setting('seed.webhook_secret'), 'hex'), now() - interval '110 hours', 36, now() - interval '103 hours', now() - interval '40 days';

CREATE TEMPORARY TABLE seed_told ON COMMIT DROP AS
    SELECT b.id, row_number() OVER (ORDER BY b.created_at DESC, b.id) AS place, now() - make_interval(hours => (75 + 7 * row_number() OVER (ORDER BY b.created_at DESC, b.id))::integer) AS at,
           jsonb_build_object('id', app.type_id('booking', b.id), 'status', 'REQUESTED', 'studentId', app.type_id('user', b.student_id), 'instructorId', NULL,
                              'courseId', app.type_id('course', b.course_id), 'startsAt', app.rfc3339(b.starts_at), 'endsAt', app.rfc3339(b.ends_at)) AS data
    FROM booking b WHERE b.tenant_id = pg_temp.id('tenant') ORDER BY b.created_at DESC, b.id LIMIT 12;
INSERT INTO webhook_event (tenant_id, id, type, body, at)
    SELECT pg_temp.id('tenant'), pg_temp.id('event:' || t.id), 'booking.requested',
           format('{"type":"booking.requested","timestamp":%s,"tenant":%s,"data":%s}', to_json(app.rfc3339(t.at)), to_json(current_setting('seed.slug')), t.data), t.at
    FROM seed_told t;
-- The latest four failed, each after nine attempts.
INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, event_type, state, failures, jobs, next_attempt_at, delivered_at, created_at, attempts)
    SELECT pg_temp.id('tenant'), pg_temp.id('delivery:' || t.id), pg_temp.id('webhook:calendar'), pg_temp.id('event:' || t.id), 'booking.requested',
           CASE WHEN t.place <= 4 THEN 'FAILED' ELSE 'DELIVERED' END, CASE WHEN t.place <= 4 THEN 9 ELSE 0 END, CASE WHEN t.place <= 4 THEN 9 ELSE 1 END,
           NULL, CASE WHEN t.place > 4 THEN t.at + interval '1 second' END, t.at,
           CASE WHEN t.place > 4
                THEN jsonb_build_array(jsonb_build_object('at', app.rfc3339(t.at + interval '1 second'), 'status', 200, 'durationMs', 80 + pg_temp.chance('took:' || t.place), 'error', NULL))
                ELSE (SELECT jsonb_agg(jsonb_build_object('at', app.rfc3339(t.at + make_interval(secs => (ARRAY[1, 6, 306, 2106, 9306, 27306, 63306, 113706, 185706])[n])), 'status', CASE WHEN n % 3 > 0 THEN 503 END,
                                                          'durationMs', CASE WHEN n % 3 > 0 THEN 240 ELSE 10000 END, 'error', CASE WHEN n % 3 = 0 THEN 'TIMED_OUT' END) ORDER BY n)
                      FROM generate_series(1, 9) AS n) END
    FROM seed_told t ORDER BY t.at;

-- Thirty days of an app that tells what it is used for.
INSERT INTO client_event (tenant_id, id, user_id, name, at, properties)
    SELECT pg_temp.id('tenant'), pg_temp.id('client_event:' || n), pg_temp.id('user:' || p.keys[1 + (n * 7 + pg_temp.chance('who:' || n)) % cardinality(p.keys)]),
           (ARRAY['app.opened', 'app.opened', 'app.opened', 'lesson.opened', 'lesson.opened', 'lesson.finished', 'calendar.opened', 'search.used'])[1 + pg_temp.chance('what:' || n) / 13],
           now() - make_interval(mins => n * 82 - pg_temp.chance('at:' || n) * 4 / 5), '{"platform": "web"}'
    FROM generate_series(1, 500) AS n CROSS JOIN (SELECT array_agg(key ORDER BY key) AS keys FROM seed_person WHERE role = 'LEARNER') AS p
    ORDER BY n DESC;
