SELECT json_build_object('revenueByProduct', (
    SELECT json_agg(json_build_object('name', s.name, 'quantity', s.quantity, 'revenue', s.revenue) ORDER BY s.revenue DESC, s.name) FROM (
        SELECT d.name, sum(n.quantity) AS quantity, sum(n.revenue) AS revenue FROM (
            SELECT p.product_id, -p.amount AS revenue, 0 AS quantity FROM ledger_posting p WHERE p.tenant_id = $1 AND p.account = 'REVENUE'
            UNION ALL SELECT l.product_id, 0, l.quantity FROM sales_order o JOIN order_line l ON l.tenant_id = $1 AND l.order_id = o.id
            WHERE o.tenant_id = $1 AND o.status IN ('PAID', 'REFUNDED')) AS n
        JOIN product d ON d.tenant_id = $1 AND d.id = n.product_id GROUP BY d.id, d.name) AS s),
    'accounts', (SELECT json_agg(json_build_object('account', a.account, 'balance', a.balance) ORDER BY a.account) FROM (
        SELECT p.account, sum(p.amount) AS balance FROM ledger_posting p WHERE p.tenant_id = $1 GROUP BY p.account) AS a))
