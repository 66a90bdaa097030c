-- One row of every kind of series, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO booking_series (tenant_id, id, booking_type_id, learner_id, recurrence, time_zone, excluded_dates, skipped)
    SELECT t.tenant_id, gen_random_uuid(), t.id, u.id, 'FREQ=DAILY;COUNT=2', 'Europe/Berlin', '{2099-03-03}',
           '[{"startsAt": "2099-03-04T14:00:00Z", "endsAt": "2099-03-04T15:00:00Z", "reason": "BOOKING_CONFLICT"}]'
    FROM (SELECT DISTINCT ON (y.tenant_id) y.* FROM booking_type y WHERE y.tenant_id = app.tenant_id() ORDER BY y.tenant_id, y.id) AS t
    JOIN app_user u ON u.tenant_id = t.tenant_id AND u.name LIKE 'LEARNER %';

UPDATE booking b SET series_id = s.id, series_starts_at = b.starts_at FROM booking_series s
    WHERE b.tenant_id = app.tenant_id() AND s.tenant_id = b.tenant_id AND b.student_id = s.learner_id;
