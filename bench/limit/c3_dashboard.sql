WITH posted AS MATERIALIZED (
    SELECT p.account, p.product_id, (p.at AT TIME ZONE 'UTC')::date AS day, sum(p.amount)::bigint AS amount FROM ledger_posting p WHERE p.tenant_id = $1 AND p.program_id = $2 GROUP BY 1, 2, 3
), paid AS MATERIALIZED (
    SELECT (o.paid_at AT TIME ZONE 'UTC')::date AS day, count(*) AS orders, sum(o.subtotal) AS sales, sum(o.discount) AS discounts
    FROM sales_order o WHERE o.tenant_id = $1 AND o.program_id = $2 AND o.status IN ('PAID', 'REFUNDED') GROUP BY 1
), sold AS (
    SELECT l.product_id, sum(l.quantity) AS quantity FROM sales_order o JOIN order_line l ON l.tenant_id = $1 AND l.order_id = o.id
    WHERE o.tenant_id = $1 AND o.program_id = $2 AND o.status IN ('PAID', 'REFUNDED') GROUP BY 1
), earned AS (
    SELECT p.product_id, -sum(p.amount) AS revenue FROM posted p WHERE p.account = 'REVENUE' GROUP BY 1
), days AS (
    SELECT p.day, -sum(p.amount) AS revenue FROM posted p WHERE p.account = 'REVENUE' GROUP BY 1
), held AS (
    SELECT p.account, sum(p.amount) AS balance FROM posted p GROUP BY 1
)
SELECT json_build_object(
    'totals', (SELECT json_build_object('orders', o.orders, 'sales', o.sales, 'discounts', o.discounts, 'refunds', (
            SELECT sum(p.amount) FROM ledger_entry e JOIN ledger_posting p ON p.tenant_id = $1 AND p.entry_id = e.id AND p.account IN ('REVENUE', 'TAX')
            WHERE e.tenant_id = $1 AND e.program_id = $2 AND e.kind = 'REFUND'),
        'revenue', (SELECT -h.balance FROM held h WHERE h.account = 'REVENUE'), 'tax', (SELECT -h.balance FROM held h WHERE h.account = 'TAX'),
        'received', (SELECT sum(h.balance) FROM held h WHERE h.account LIKE 'CASH%'), 'outstanding', (
            SELECT sum(w.total - w.paid) FROM sales_order w WHERE w.tenant_id = $1 AND w.program_id = $2 AND w.status = 'PENDING'))
        FROM (SELECT sum(p.orders) AS orders, sum(p.sales) AS sales, sum(p.discounts) AS discounts FROM paid p) AS o),
    'revenueByProduct', (SELECT json_agg(json_build_object('name', d.name, 'quantity', s.quantity, 'revenue', e.revenue) ORDER BY e.revenue DESC, d.name)
        FROM earned e JOIN product d ON d.tenant_id = $1 AND d.id = e.product_id JOIN sold s ON s.product_id = e.product_id),
    'revenuePerDay', (SELECT json_agg(json_build_object('date', d.day, 'orders', coalesce(p.orders, 0), 'revenue', d.revenue) ORDER BY d.day) FROM days d LEFT JOIN paid p ON p.day = d.day),
    'accounts', (SELECT json_object_agg(h.account, h.balance) FROM held h),
    'funnel', app.application_funnel(NULL, NULL, $2), 'reconciled', app.is_reconciled($2))
