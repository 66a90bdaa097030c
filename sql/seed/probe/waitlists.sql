-- One row of every kind of waiting, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO waitlist_entry (tenant_id, id, learner_id, booking_type_id, group_session_id, starts_at, ends_at, instructor_id, booking_id)
    SELECT s.tenant_id, gen_random_uuid(), u.id, s.booking_type_id, s.id, s.starts_at, s.ends_at, s.instructor_id, (SELECT b.id FROM booking b WHERE b.tenant_id = s.tenant_id ORDER BY b.id LIMIT 1)
    FROM group_session s JOIN app_user u ON u.tenant_id = s.tenant_id AND u.name LIKE 'LEARNER %' WHERE s.tenant_id = app.tenant_id();

UPDATE slot_hold h SET waitlist_entry_id = w.id, is_offer = true FROM waitlist_entry w WHERE h.tenant_id = app.tenant_id() AND w.tenant_id = h.tenant_id AND h.booking_id IS NULL;
