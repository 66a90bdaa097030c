SELECT app.take_slot_turns(ARRAY[$3, $4]::uuid[], $3::uuid), app.book_series($5::uuid, $2::uuid, $3::uuid, 'FREQ=WEEKLY;COUNT=52', 'UTC', '{}', '[]', 'ASSIGNED', NULL, NULL, (
    SELECT jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'starts', s.at, 'ends', s.at + interval '1 hour', 'instructor', $4::uuid, 'resources', '{}'::uuid[]))
    FROM generate_series($6::timestamptz, $6::timestamptz + interval '51 weeks', interval '1 week') AS s(at))) WHERE app.tenant_id() = $1
