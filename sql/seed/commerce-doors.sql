-- What follows from what was paid (commerce-orders.sql): invoices, which a job draws; courses that attendees get; and who came.

-- Numbers without gaps, in the order of the days on which they were given.
CREATE TEMPORARY TABLE seed_invoice ON COMMIT DROP AS
    SELECT o.key AS sale, 'INVOICE' AS kind, NULL::text AS refund, o.whole AS total, o.tax, o.paid_at AS at, row_number() OVER (ORDER BY o.paid_at, o.key) AS number
    FROM seed_order o WHERE o.is_paid AND o.whole > 0
    UNION ALL
    SELECT r.sale, 'CREDIT_NOTE', r.sale, r.amount, r.tax, r.at, row_number() OVER (ORDER BY r.at, r.sale) FROM seed_refund r;
INSERT INTO invoice (tenant_id, id, kind, number, code, order_id, refund_id, total, tax, currency, document, issued_at)
    SELECT o.tenant_id, pg_temp.id('invoice:' || v.kind || ':' || v.sale), v.kind, v.number, s.invoice_prefix || lpad(v.number::text, 6, '0'), o.id, pg_temp.id('refund:' || v.refund), v.total, v.tax,
           o.currency, jsonb_strip_nulls(jsonb_build_object(
               'seller', jsonb_build_object('name', s.seller_name, 'address', s.seller_address), 'buyer', jsonb_build_object('name', u.name), 'reference', o.reference, 'program', p.name,
               'currency', o.currency, 'exponent', 2, 'lines', l.lines, 'taxes', l.taxes, 'net', v.total - v.tax, 'tax', v.tax, 'total', v.total, 'reason', r.reason,
               'invoice', CASE v.kind WHEN 'CREDIT_NOTE' THEN (SELECT s.invoice_prefix || lpad(w.number::text, 6, '0') FROM seed_invoice w WHERE w.sale = v.sale AND w.kind = 'INVOICE') END,
               'returned', CASE v.kind WHEN 'INVOICE' THEN nullif(o.returned, 0) END, 'creditApplied', CASE v.kind WHEN 'INVOICE' THEN nullif(o.credit_applied, 0) END)), v.at
    FROM seed_invoice v
    JOIN sales_order o ON o.tenant_id = pg_temp.id('tenant') AND o.id = pg_temp.id('order:' || v.sale)
    JOIN app_user u ON u.tenant_id = o.tenant_id AND u.id = o.buyer_id
    JOIN program p ON p.tenant_id = o.tenant_id AND p.id = o.program_id
    JOIN payment_settings s ON s.tenant_id = o.tenant_id
    LEFT JOIN seed_refund r ON r.sale = v.refund
    CROSS JOIN LATERAL (
        SELECT jsonb_agg(d.line ORDER BY d.place) AS lines,
               (SELECT jsonb_agg(jsonb_build_object('percent', g.percent, 'net', g.total - g.tax, 'tax', g.tax) ORDER BY g.percent) FROM (
                   SELECT (e ->> 'taxPercent')::numeric AS percent, sum((e ->> 'total')::bigint) AS total, sum((e ->> 'tax')::bigint) AS tax
                   FROM jsonb_array_elements(jsonb_agg(d.line)) AS e GROUP BY 1) AS g) AS taxes
        FROM (
            SELECT w.place, jsonb_build_object('name', w.name, 'quantity', w.quantity, 'unitPrice', w.price, 'subtotal', w.subtotal, 'discount', w.discount, 'taxPercent', w.taxed / 100.0,
                       'taxIncluded', w.is_included, 'tax', w.tax, 'total', w.total) AS line FROM seed_priced w WHERE v.kind = 'INVOICE' AND w.sale = v.sale
            UNION ALL
            SELECT w.place, jsonb_build_object('name', w.name, 'taxPercent', w.taxed / 100.0, 'taxIncluded', w.is_included, 'tax', r.tax, 'total', r.amount)
            FROM seed_priced w WHERE v.kind = 'CREDIT_NOTE' AND w.sale = v.sale AND w.place = r.place
        ) AS d) AS l;
INSERT INTO invoice_counter (tenant_id, kind, last) SELECT pg_temp.id('tenant'), v.kind, max(v.number) FROM seed_invoice v GROUP BY v.kind;
INSERT INTO job (tenant_id, id, kind, key, lane, is_spared, payload, subject, correlation, max_attempts)
    SELECT i.tenant_id, pg_temp.id('render:' || i.id), k.kind, i.id::text, k.lane, k.is_spared, jsonb_build_object('invoice', i.id), app.type_id('invoice', i.id), 'none', k.max_attempts
    FROM invoice i CROSS JOIN app.job_kinds() AS k WHERE i.tenant_id = pg_temp.id('tenant') AND k.kind = 'invoice.render';

-- Whoever has a ticket of the reviewed program gets its course, unless they are in it already.
CREATE TEMPORARY TABLE seed_given ON COMMIT DROP AS
    SELECT a.id AS attendee_id, a.user_id, c.course_id, a.tenant_id,
           NOT EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = a.tenant_id AND e.user_id = a.user_id AND e.course_id = c.course_id) AS is_new
    FROM attendee a JOIN program_course c ON c.tenant_id = a.tenant_id AND c.program_id = a.program_id
    WHERE a.tenant_id = pg_temp.id('tenant') AND a.user_id IS NOT NULL
      AND EXISTS (SELECT FROM ticket t WHERE t.tenant_id = a.tenant_id AND t.attendee_id = a.id AND t.status = 'ISSUED' AND t.kind = 'TICKET');
INSERT INTO enrollment (tenant_id, id, course_id, user_id) SELECT g.tenant_id, pg_temp.id('granted:' || g.attendee_id), g.course_id, g.user_id FROM seed_given g WHERE g.is_new;
INSERT INTO attendee_grant (tenant_id, attendee_id, course_id, user_id, state, is_given) SELECT g.tenant_id, g.attendee_id, g.course_id, g.user_id, 'DONE', g.is_new FROM seed_given g;

-- Who came to what is over: all but the last, each on several days, one through two doors at once; somebody with a code that is none.
INSERT INTO check_in (tenant_id, id, program_id, client_id, outcome, ticket_id, attendee_name, product_name, station, admits_on, scanned_at, received_at, by_id)
    SELECT t.tenant_id, pg_temp.id('scan:' || t.id || ':' || d.nth || ':' || s.outcome), t.program_id, format('door-%s-%s-%s', s.door, d.nth, substr(t.id::text, 25)), s.outcome, t.id, a.name, l.name,
           'Door ' || s.door, (w.came AT TIME ZONE h.time_zone)::date, w.came + s.after, w.came + s.after + interval '2 seconds', pg_temp.id('user:instructor')
    FROM ticket t JOIN seed_program p ON p.key = 'past' AND t.program_id = pg_temp.id('program:past')
    JOIN tenant h ON h.tenant_id = t.tenant_id
    JOIN attendee a ON a.tenant_id = t.tenant_id AND a.id = t.attendee_id
    JOIN order_line l ON l.tenant_id = t.tenant_id AND l.id = t.order_line_id
    CROSS JOIN generate_series(0, 2) AS d(nth)
    -- In the mornings of the school, from the day after it began.
    CROSS JOIN LATERAL (SELECT (date_trunc('day', p.starts_at AT TIME ZONE h.time_zone) + make_interval(days => 1 + d.nth, hours => 9, mins => pg_temp.chance('came:' || t.id || d.nth)))
        AT TIME ZONE h.time_zone AS came) AS w
    CROSS JOIN LATERAL (SELECT 1 AS door, 'ADMITTED' AS outcome, interval '0' AS after UNION ALL SELECT 2, 'DUPLICATE', '9 seconds' WHERE d.nth = 0 AND t.order_id = pg_temp.id('order:term-2')) AS s
    WHERE t.tenant_id = pg_temp.id('tenant') AND t.order_id <> pg_temp.id('order:term-8') AND (d.nth < 2 OR t.order_id <> pg_temp.id('order:term-6'));
INSERT INTO check_in (tenant_id, id, program_id, client_id, outcome, station, scanned_at, received_at, by_id)
    SELECT pg_temp.id('tenant'), pg_temp.id('scan:nothing'), pg_temp.id('program:past'), 'door-2-nothing', 'UNKNOWN', 'Door 2', p.starts_at + interval '40 minutes', p.starts_at + interval '3 hours',
           pg_temp.id('user:instructor') FROM seed_program p WHERE p.key = 'past';
UPDATE ticket t SET checked_in_at = c.at
    FROM (SELECT k.ticket_id, min(k.scanned_at) AS at FROM check_in k WHERE k.tenant_id = pg_temp.id('tenant') AND k.admits_on IS NOT NULL GROUP BY k.ticket_id) AS c
    WHERE t.tenant_id = pg_temp.id('tenant') AND t.id = c.ticket_id;

-- It all happened before anybody listened.
DELETE FROM job j WHERE j.tenant_id = pg_temp.id('tenant') AND j.kind = 'event.fan_out';
