-- One row of every kind of waiting, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO waitlist_entry (tenant_id, id, learner_id, booking_type_id, group_session_id, starts_at, ends_at)
    SELECT s.tenant_id, gen_random_uuid(), u.id, s.booking_type_id, s.id, s.starts_at, s.ends_at
    FROM group_session s JOIN app_user u ON u.tenant_id = s.tenant_id AND u.name LIKE 'LEARNER %' WHERE s.tenant_id = app.tenant_id();
