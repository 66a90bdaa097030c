-- One row of every kind of resources, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO resource (tenant_id, id, name, kind, description, location, tags, mode, time_zone)
    SELECT app.tenant_id(), gen_random_uuid(), w.word, 'ROOM', w.word, w.word, ARRAY[w.word], 'FREE', 'Europe/Berlin' FROM current_setting('probe.word') AS w(word);

-- The booking takes it, and so it is claimed.
INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
    SELECT b.tenant_id, b.id, r.id, 1, 0, 0 FROM booking b JOIN resource r ON r.tenant_id = b.tenant_id WHERE b.tenant_id = app.tenant_id();
INSERT INTO time_claim (tenant_id, id, kind, party_id, booking_id, starts_at, ends_at)
    SELECT b.tenant_id, gen_random_uuid(), 'RESOURCE', l.resource_id, b.id, b.starts_at, b.ends_at
    FROM booking_resource l JOIN booking b ON b.tenant_id = l.tenant_id AND b.id = l.booking_id WHERE l.tenant_id = app.tenant_id();
