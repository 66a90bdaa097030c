WITH f AS MATERIALIZED (
    SELECT f.what, f.party_id, f.starts_at, f.ends_at
    FROM app.slot_facts($2, ARRAY(SELECT i.instructor_id FROM booking_type_instructor i WHERE i.tenant_id = $1 AND i.type_id = $2), '{}', NULL, app.user_id(),
                        $3, $4, 60, '{}', '{}') AS f
), busy AS MATERIALIZED (
    SELECT f.party_id, range_agg(tstzrange(f.starts_at, f.ends_at)) AS spans FROM f WHERE f.what IN ('OFF', 'CLAIMED') GROUP BY f.party_id
), free AS MATERIALIZED (
    SELECT s.at, count(*) AS instructors
    FROM (SELECT f.party_id, range_agg(tstzrange(f.starts_at, f.ends_at)) AS spans FROM f WHERE f.what = 'GIVEN' GROUP BY f.party_id) AS o
    CROSS JOIN LATERAL unnest(o.spans) AS p(span)
    CROSS JOIN LATERAL generate_series(lower(p.span), upper(p.span) - interval '1 hour', interval '1 hour') AS s(at)
    LEFT JOIN busy b ON b.party_id = o.party_id
    WHERE s.at >= $3 AND s.at < $4 AND s.at >= now() AND (b.spans && tstzrange(s.at, s.at + interval '1 hour')) IS NOT TRUE
    GROUP BY s.at
)
SELECT json_build_object('slots', json_build_object('days', (
    SELECT json_agg(json_build_object('date', d.date, 'slots', d.slots) ORDER BY d.date)
    FROM (SELECT (f.at AT TIME ZONE 'UTC')::date AS date, json_agg(json_build_object('startsAt', f.at, 'instructorCount', f.instructors) ORDER BY f.at) AS slots
          FROM free f GROUP BY 1) AS d)))
