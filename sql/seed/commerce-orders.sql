-- What the applicants of commerce-applications.sql have bought, and what came of it: orders in every state, and the books that belong to them. Lines, taxes and shares
-- are computed as app.quote_order does, postings written as app.post_sale and app.post_refund do, but on the days on which it all happened.
CREATE TEMPORARY TABLE seed_sale (
    key text PRIMARY KEY, program text NOT NULL, n integer NOT NULL, is_fee boolean NOT NULL, status text NOT NULL, way text, at timestamptz NOT NULL,
    source text, label text, percent integer, off integer, coupon text, credit integer NOT NULL DEFAULT 0, part integer, back text) ON COMMIT DROP;
-- `of`: which of the party.
CREATE TEMPORARY TABLE seed_line (sale text NOT NULL, place integer NOT NULL, product text NOT NULL, of integer NOT NULL DEFAULT 1, quantity integer NOT NULL DEFAULT 1, PRIMARY KEY (sale, place)) ON COMMIT DROP;

-- Everybody who submitted paid the fee; of those who were accepted it became credit.
INSERT INTO seed_sale (key, program, n, is_fee, status, way, at)
    SELECT 'fee:' || a.n, 'summer', a.n, true, 'PAID', CASE WHEN a.n % 3 = 0 THEN 'MANUAL' ELSE 'TEST' END, a.at - interval '2 hours'
    FROM seed_applicant a WHERE a.program = 'summer' AND a.status <> 'DRAFT';
INSERT INTO seed_sale (key, program, n, is_fee, status, way, at, source, label, percent, off, coupon, credit, part, back)
    SELECT w.key, w.program, w.n, false, w.status, w.way, now() - make_interval(mins => (w.days * 1440)::integer), w.source, w.label, w.percent, w.off, w.coupon, w.credit, w.part, w.back
    FROM (VALUES
        ('family', 'summer', 1, 'PAID', 'TEST', 28.2, NULL, NULL, NULL::integer, NULL::integer, NULL, 0, NULL::integer, NULL),
        ('credit', 'summer', 2, 'PAID', 'MANUAL', 27.0, NULL, NULL, NULL, NULL, NULL, 2500, NULL, NULL),
        ('early', 'summer', 3, 'PAID', 'TEST', 26.4, 'COUPON', 'EARLY', 1500, NULL, 'EARLY', 0, NULL, NULL),
        ('friends', 'summer', 4, 'PAID', 'TEST', 25.1, 'COUPON', 'FRIENDS', NULL, 5000, 'FRIENDS', 0, NULL, NULL),
        ('short', 'summer', 5, 'PAID', 'TEST', 24.3, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('longer', 'summer', 5, 'PAID', 'TEST', 12.6, NULL, NULL, NULL, NULL, NULL, 0, NULL, 'short'),
        ('partly', 'summer', 6, 'PAID', 'MANUAL', 22.0, 'ASSIGNED', 'Assigned discount', 500, NULL, NULL, 0, NULL, NULL),
        ('gave-up', 'summer', 7, 'EXPIRED', 'TEST', 18.5, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('half', 'summer', 7, 'PENDING', 'MANUAL', 3.2, NULL, NULL, NULL, NULL, NULL, 0, 20000, NULL),
        ('ill', 'summer', 8, 'REFUNDED', 'TEST', 14.7, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('mistake', 'summer', 9, 'CANCELLED', 'MANUAL', 13.9, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('transfer', 'summer', 9, 'PENDING', 'MANUAL', 0.8, 'REFERRAL', 'COMEALONG', 500, NULL, NULL, 2500, NULL, NULL),
        ('guests', 'summer', 10, 'PAID', NULL, 12.0, 'COMPLIMENTARY', 'Complimentary', 10000, NULL, NULL, 0, NULL, NULL),
        ('entry-1', 'open', 1, 'PAID', 'TEST', 9.5, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('entry-3', 'open', 3, 'PAID', 'TEST', 8.1, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('entry-5', 'open', 5, 'EXPIRED', 'TEST', 7.3, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('term-1', 'past', 1, 'PAID', 'TEST', 86.0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('term-2', 'past', 2, 'PAID', 'MANUAL', 84.2, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('term-4', 'past', 4, 'PAID', 'TEST', 81.5, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('term-6', 'past', 6, 'PAID', 'TEST', 77.8, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL),
        ('term-8', 'past', 8, 'PAID', 'MANUAL', 71.1, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL)
    ) AS w(key, program, n, status, way, days, source, label, percent, off, coupon, credit, part, back);
INSERT INTO seed_line (sale, place, product, of, quantity) VALUES
    ('family', 0, 'full', 1, 1), ('family', 1, 'full', 2, 1), ('family', 2, 'shirt', 1, 2), ('credit', 0, 'week', 1, 1), ('credit', 1, 'room', 1, 1), ('credit', 2, 'shirt', 1, 1),
    ('early', 0, 'full', 1, 1), ('early', 1, 'shirt', 1, 3), ('friends', 0, 'week', 1, 1), ('short', 0, 'week', 1, 1), ('longer', 0, 'full', 1, 1), ('partly', 0, 'week', 1, 1),
    ('partly', 1, 'room', 1, 1), ('gave-up', 0, 'full', 1, 1), ('half', 0, 'week', 1, 1), ('ill', 0, 'full', 1, 1), ('mistake', 0, 'shirt', 1, 5), ('transfer', 0, 'full', 1, 1),
    ('guests', 0, 'full', 1, 1), ('guests', 1, 'full', 2, 1), ('guests', 2, 'week', 3, 1), ('entry-1', 0, 'day', 1, 1), ('entry-3', 0, 'day', 1, 1), ('entry-3', 1, 'day', 2, 1),
    ('entry-3', 2, 'lunch', 1, 2), ('entry-5', 0, 'day', 1, 1), ('term-1', 0, 'term', 1, 1), ('term-2', 0, 'term', 1, 1), ('term-4', 0, 'term', 1, 1), ('term-6', 0, 'term', 1, 1),
    ('term-8', 0, 'term', 1, 1);

-- Lines with all that they come to; of a fee one without a product.
CREATE TEMPORARY TABLE seed_priced ON COMMIT DROP AS
    SELECT t.*, t.net + CASE WHEN t.is_included THEN 0 ELSE t.tax END AS total FROM (
        SELECT d.*, d.subtotal - d.discount AS net,
               CASE WHEN d.is_included THEN (2 * (d.subtotal - d.discount) * d.taxed + 10000 + d.taxed) / (2 * (10000 + d.taxed)) ELSE ((d.subtotal - d.discount) * d.taxed + 5000) / 10000 END AS tax
        FROM (
            SELECT s.key AS sale, l.place, s.program, s.n, l.product, l.of, p.name, p.kind, l.quantity, p.price::bigint AS price, p.price::bigint * l.quantity AS subtotal,
                   CASE WHEN s.percent IS NOT NULL THEN (p.price::bigint * l.quantity * s.percent + 5000) / 10000 WHEN s.off IS NOT NULL THEN s.off ELSE 0 END AS discount,
                   p.taxed, p.is_included, p.is_exclusive, p.admission
            FROM seed_sale s JOIN seed_line l ON l.sale = s.key JOIN seed_product p ON p.program = s.program AND p.key = l.product
            UNION ALL
            SELECT s.key, 0, s.program, s.n, NULL, NULL, p.name, NULL, 1, 2500, 2500, 0, 0, true, false, NULL FROM seed_sale s JOIN seed_program p ON p.key = s.program WHERE s.is_fee
        ) AS d) AS t;
-- Orders with all that they come to. What is given back in exchange counts for what was paid for it.
CREATE TEMPORARY TABLE seed_order ON COMMIT DROP AS
    SELECT s.*, w.subtotal, w.discount, w.tax, w.whole, coalesce(b.whole, 0) AS returned, greatest(w.whole - coalesce(b.whole, 0) - s.credit, 0) AS total,
           c.currencies[1] AS currency, s.status IN ('PAID', 'REFUNDED') AS is_paid, s.at + CASE s.way WHEN 'MANUAL' THEN interval '26 hours' ELSE interval '4 minutes' END AS paid_at
    FROM seed_sale s
    JOIN (SELECT l.sale, sum(l.subtotal)::bigint AS subtotal, sum(l.discount)::bigint AS discount, sum(l.tax)::bigint AS tax, sum(l.total)::bigint AS whole FROM seed_priced l GROUP BY l.sale) AS w ON w.sale = s.key
    LEFT JOIN (SELECT l.sale, sum(l.total)::bigint AS whole FROM seed_priced l GROUP BY l.sale) AS b ON b.sale = s.back
    JOIN program c ON c.tenant_id = pg_temp.id('tenant') AND c.id = pg_temp.id('program:' || s.program);

INSERT INTO sales_order (tenant_id, id, reference, kind, program_id, application_id, buyer_id, status, currency, subtotal, discount, discount_source, discount_label, discount_percent,
        coupon_id, coupon_code, returned, credit_applied, tax, total, credit_granted, paid, provider, expires_at, paid_at, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('order:' || o.key), translate(upper(substr(md5(current_setting('seed.slug') || o.key), 1, 8)), '01', 'XY'),
           CASE WHEN o.is_fee THEN 'APPLICATION_FEE' ELSE 'PURCHASE' END, pg_temp.id('program:' || o.program), pg_temp.id('application:' || o.program || ':' || o.n), pg_temp.id('user:' || a.person),
           o.status, o.currency, o.subtotal, o.discount, o.source, o.label, o.percent, pg_temp.id('coupon:' || o.coupon), o.coupon, o.returned, o.credit, o.tax, o.total,
           greatest(o.returned - o.whole, 0), CASE WHEN o.is_paid THEN o.total ELSE coalesce(o.part, 0) END, CASE WHEN o.total > 0 THEN o.way END,
           CASE WHEN o.status = 'PENDING' AND o.part IS NULL THEN o.at + interval '7 days' END, CASE WHEN o.is_paid THEN o.paid_at END, o.at, o.at
    FROM seed_order o JOIN seed_applicant a ON a.program = o.program AND a.n = o.n ORDER BY o.at;
INSERT INTO order_line (tenant_id, id, order_id, position, product_id, attendee_id, name, kind, quantity, unit_price, subtotal, discount, tax_percent, tax_included, tax, total)
    SELECT pg_temp.id('tenant'), pg_temp.id('line:' || l.sale || ':' || l.place), pg_temp.id('order:' || l.sale), l.place, pg_temp.id('product:' || l.program || ':' || l.product),
           pg_temp.id('attendee:' || l.program || ':' || l.n || ':' || l.of), l.name, l.kind, l.quantity, l.price, l.subtotal, l.discount, l.taxed, l.is_included, l.tax, l.total
    FROM seed_priced l;

-- A line's amount is spread over its tickets. What was exchanged is cancelled.
INSERT INTO ticket (tenant_id, id, order_id, order_line_id, program_id, application_id, product_id, attendee_id, status, price, currency, kind, is_exclusive, admission, valid_from,
        valid_until, return_order_id, issued_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('ticket:' || l.sale || ':' || l.place || ':' || k.nth), pg_temp.id('order:' || l.sale), pg_temp.id('line:' || l.sale || ':' || l.place),
           d.program_id, pg_temp.id('application:' || l.program || ':' || l.n), d.id, pg_temp.id('attendee:' || l.program || ':' || l.n || ':' || l.of),
           CASE WHEN x.key IS NOT NULL OR o.status NOT IN ('PAID', 'PENDING') THEN 'CANCELLED' WHEN o.status = 'PENDING' THEN 'HELD' ELSE 'ISSUED' END,
           l.total / l.quantity + CASE WHEN k.nth <= l.total % l.quantity THEN 1 ELSE 0 END, o.currency, l.kind, l.is_exclusive, l.admission, d.valid_from, d.valid_until,
           pg_temp.id('order:' || x.key), CASE WHEN o.is_paid THEN o.paid_at END, o.at
    FROM seed_priced l JOIN seed_order o ON o.key = l.sale
    JOIN product d ON d.tenant_id = pg_temp.id('tenant') AND d.id = pg_temp.id('product:' || l.program || ':' || l.product)
    LEFT JOIN seed_order x ON x.back = l.sale
    CROSS JOIN LATERAL generate_series(1, l.quantity) AS k(nth) ORDER BY o.at;
INSERT INTO order_return (tenant_id, order_id, ticket_id, amount)
    SELECT t.tenant_id, t.return_order_id, t.id, t.price FROM ticket t WHERE t.tenant_id = pg_temp.id('tenant') AND t.return_order_id IS NOT NULL;
UPDATE product_stock s SET held = n.live
    FROM (SELECT t.product_id, count(*)::integer AS live FROM ticket t WHERE t.tenant_id = pg_temp.id('tenant') AND t.status IN ('HELD', 'ISSUED') GROUP BY t.product_id) AS n
    WHERE s.tenant_id = pg_temp.id('tenant') AND s.product_id = n.product_id;

-- Payments: of what came by transfer in part, a second one waits for the rest.
INSERT INTO payment (tenant_id, id, order_id, provider, status, amount, currency, reference, settled_at, created_at, updated_at)
    SELECT o.tenant_id, pg_temp.id('payment:' || s.key || w.tail), o.id, s.way, w.status, w.amount, s.currency, o.reference, w.settled_at, w.at, w.at
    FROM seed_order s JOIN sales_order o ON o.tenant_id = pg_temp.id('tenant') AND o.id = pg_temp.id('order:' || s.key)
    CROSS JOIN LATERAL (
        SELECT '' AS tail, CASE WHEN s.is_paid OR s.part IS NOT NULL THEN 'APPROVED' ELSE s.status END AS status, coalesce(s.part, s.total) AS amount,
               CASE WHEN s.is_paid OR s.part IS NOT NULL THEN s.paid_at END AS settled_at, s.at AS at
        UNION ALL SELECT ':rest', 'PENDING', s.total - s.part, NULL, s.paid_at WHERE s.part IS NOT NULL
    ) AS w WHERE s.total > 0 ORDER BY s.at;
INSERT INTO payment_event (tenant_id, provider, event_id, type, payment_id, outcome, received_at)
    SELECT p.tenant_id, 'TEST', 'evt_' || replace(p.id::text, '-', ''), CASE p.status WHEN 'EXPIRED' THEN 'payment.expired' ELSE 'payment.approved' END, p.id, 'APPLIED',
           coalesce(p.settled_at, p.created_at + interval '35 minutes')
    FROM payment p WHERE p.tenant_id = pg_temp.id('tenant') AND p.provider = 'TEST' AND p.status IN ('APPROVED', 'EXPIRED');

-- The books. `what` names an entry; amounts of 0 are no postings, and without postings there is no entry.
CREATE TEMPORARY TABLE seed_posting (
    what text NOT NULL, kind text NOT NULL, sale text, payment text, refund text, program text NOT NULL, n integer NOT NULL, at timestamptz NOT NULL, account text NOT NULL,
    amount bigint NOT NULL, product text) ON COMMIT DROP;
INSERT INTO seed_posting (what, kind, sale, payment, program, n, at, account, amount)
    SELECT 'payment:' || o.key, 'PAYMENT', o.key, o.key, o.program, o.n, o.paid_at, w.account, w.amount
    FROM seed_order o CROSS JOIN LATERAL (VALUES ('CASH_' || o.way, coalesce(o.part, o.total)), ('CUSTOMER', -coalesce(o.part, o.total))) AS w(account, amount)
    WHERE (o.is_paid OR o.part IS NOT NULL) AND o.total > 0;
INSERT INTO seed_posting (what, kind, sale, program, n, at, account, amount, product)
    SELECT 'sale:' || o.key, 'SALE', o.key, o.program, o.n, o.paid_at, w.account, w.amount, w.product
    FROM seed_order o CROSS JOIN LATERAL (
        SELECT 'CUSTOMER', o.total, NULL
        UNION ALL SELECT 'CREDIT', o.credit - greatest(o.returned - o.whole, 0), NULL
        UNION ALL SELECT 'REVENUE', -sum(l.total - l.tax), l.product FROM seed_priced l WHERE l.sale = o.key GROUP BY l.product
        UNION ALL SELECT 'TAX', -o.tax, NULL
        UNION ALL SELECT 'REVENUE', sum(l.total - l.tax), l.product FROM seed_priced l WHERE l.sale = o.back GROUP BY l.product
        UNION ALL SELECT 'TAX', sum(l.tax), NULL FROM seed_priced l WHERE l.sale = o.back HAVING count(*) > 0
    ) AS w(account, amount, product) WHERE o.is_paid AND w.amount <> 0;
INSERT INTO line_reversal (tenant_id, id, order_id, order_line_id, by_order_id, amount, tax)
    SELECT pg_temp.id('tenant'), pg_temp.id('reversal:' || o.key || ':' || l.place), pg_temp.id('order:' || l.sale), pg_temp.id('line:' || l.sale || ':' || l.place), pg_temp.id('order:' || o.key), l.total, l.tax
    FROM seed_order o JOIN seed_priced l ON l.sale = o.back;
-- Fees that became credit.
INSERT INTO seed_posting (what, kind, program, n, at, account, amount)
    SELECT 'fee-credit:' || a.n, 'CREDIT', 'summer', a.n, a.at + interval '1 day', w.account, w.amount
    FROM seed_applicant a CROSS JOIN (VALUES ('REVENUE', 2500), ('CREDIT', -2500)) AS w(account, amount) WHERE a.program = 'summer' AND a.status = 'ACCEPTED';

-- Two refunds: of one order a part, its tickets stay; of the other all.
CREATE TEMPORARY TABLE seed_refund ON COMMIT DROP AS
    SELECT w.sale, w.amount, w.reason, o.at + make_interval(days => w.after) AS at, l.place, l.product, l.total, (2 * l.tax * w.amount + l.total) / (2 * l.total) AS tax, o.way, o.currency, o.program, o.n, o.status
    FROM (VALUES ('partly', 0, 10000, 5, 'The bus did not come on the first two days.'), ('ill', 0, 89000, 6, 'Broke a leg.')) AS w(sale, place, amount, after, reason)
    JOIN seed_order o ON o.key = w.sale JOIN seed_priced l ON l.sale = w.sale AND l.place = w.place;
INSERT INTO refund (tenant_id, id, order_id, payment_id, amount, currency, to_credit, status, reason, settled_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('refund:' || r.sale), pg_temp.id('order:' || r.sale), pg_temp.id('payment:' || r.sale), r.amount, r.currency, false, 'SUCCEEDED', r.reason, r.at, r.at
    FROM seed_refund r;
INSERT INTO refund_ticket (tenant_id, refund_id, ticket_id)
    SELECT t.tenant_id, pg_temp.id('refund:ill'), t.id FROM ticket t WHERE t.tenant_id = pg_temp.id('tenant') AND t.order_id = pg_temp.id('order:ill');
INSERT INTO line_reversal (tenant_id, id, order_id, order_line_id, refund_id, amount, tax)
    SELECT pg_temp.id('tenant'), pg_temp.id('reversal:' || r.sale), pg_temp.id('order:' || r.sale), pg_temp.id('line:' || r.sale || ':' || r.place), pg_temp.id('refund:' || r.sale), r.amount, r.tax
    FROM seed_refund r;
UPDATE sales_order o SET refunded = r.amount FROM seed_refund r WHERE o.tenant_id = pg_temp.id('tenant') AND o.id = pg_temp.id('order:' || r.sale);
UPDATE payment p SET refunded = r.amount, status = CASE WHEN r.amount = p.amount THEN 'REFUNDED' ELSE p.status END
    FROM seed_refund r WHERE p.tenant_id = pg_temp.id('tenant') AND p.id = pg_temp.id('payment:' || r.sale);
INSERT INTO seed_posting (what, kind, sale, payment, refund, program, n, at, account, amount, product)
    SELECT 'refund:' || r.sale, 'REFUND', r.sale, r.sale, r.sale, r.program, r.n, r.at, w.account, w.amount, w.product
    FROM seed_refund r CROSS JOIN LATERAL (VALUES ('REVENUE', r.amount - r.tax, r.product), ('TAX', r.tax, NULL), ('CASH_' || r.way, -r.amount, NULL)) AS w(account, amount, product) WHERE w.amount <> 0;

INSERT INTO ledger_entry (tenant_id, id, kind, application_id, program_id, order_id, payment_id, refund_id, at)
    SELECT DISTINCT pg_temp.id('tenant'), pg_temp.id('entry:' || p.what), p.kind, pg_temp.id('application:' || p.program || ':' || p.n), pg_temp.id('program:' || p.program),
           pg_temp.id('order:' || p.sale), pg_temp.id('payment:' || p.payment), pg_temp.id('refund:' || p.refund), p.at
    FROM seed_posting p;
INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id, product_id, at)
    SELECT pg_temp.id('tenant'), pg_temp.id('entry:' || p.what), row_number() OVER (PARTITION BY p.what ORDER BY p.amount DESC, p.account, p.product), p.account, p.amount, c.currencies[1], c.id,
           pg_temp.id('product:' || p.program || ':' || p.product), p.at
    FROM seed_posting p JOIN program c ON c.tenant_id = pg_temp.id('tenant') AND c.id = pg_temp.id('program:' || p.program);
-- What is to somebody's good, and held by an order that waits.
INSERT INTO credit_balance (tenant_id, application_id, currency, amount, held)
    SELECT pg_temp.id('tenant'), pg_temp.id('application:summer:' || a.n), c.currencies[1],
           2500 - coalesce((SELECT sum(o.credit) FROM seed_order o WHERE o.program = 'summer' AND o.n = a.n AND o.is_paid), 0),
           coalesce((SELECT sum(o.credit) FROM seed_order o WHERE o.program = 'summer' AND o.n = a.n AND o.status = 'PENDING'), 0)
    FROM seed_applicant a JOIN program c ON c.tenant_id = pg_temp.id('tenant') AND c.id = pg_temp.id('program:summer') WHERE a.program = 'summer' AND a.status = 'ACCEPTED';
