//! The statements of the report of commerce. `$1` is the tenant, `$2` and `$3` the range, `$4` the program; the policies filter again.

use super::Scope;

impl Scope {
    /// The condition that what happened at `moment` lies in the range, and that it is of the program, over the alias `of`.
    fn holds(self, of: &str, moment: &str) -> String {
        let program = match self.program {
            Some(_) => format!("{of}.program_id = $4"),
            None => "$4::uuid IS NULL".to_owned(),
        };
        format!("{program} AND {}", self.range.holds(&format!("{of}.{moment}")))
    }
}

/// Sums for each currency. What is due is due now, whatever the range.
pub fn totals(scope: Scope) -> String {
    let due = match scope.program {
        Some(_) => "o.program_id = $4",
        None => "$4::uuid IS NULL",
    };
    format!(
        "SELECT s.currency, sum(s.orders)::bigint, sum(s.sales)::bigint, sum(s.discounts)::bigint, sum(s.refunds)::bigint, sum(s.revenue)::bigint, \
         sum(s.tax)::bigint, sum(s.received)::bigint, sum(s.outstanding)::bigint, sum(s.credit)::bigint FROM (\
         SELECT p.currency, 0 AS orders, 0 AS sales, 0 AS discounts, \
         CASE WHEN e.kind = 'REFUND' AND p.account IN ('REVENUE', 'TAX') THEN p.amount ELSE 0 END AS refunds, \
         CASE p.account WHEN 'REVENUE' THEN -p.amount ELSE 0 END AS revenue, CASE p.account WHEN 'TAX' THEN -p.amount ELSE 0 END AS tax, \
         CASE WHEN p.account IN ('CASH_MANUAL', 'CASH_STRIPE', 'CASH_TEST') THEN p.amount ELSE 0 END AS received, 0 AS outstanding, \
         CASE p.account WHEN 'CREDIT' THEN -p.amount ELSE 0 END AS credit \
         FROM ledger_posting p JOIN ledger_entry e ON e.tenant_id = $1 AND e.id = p.entry_id WHERE p.tenant_id = $1 AND {posted} \
         UNION ALL SELECT o.currency, 1, o.subtotal, o.discount, 0, 0, 0, 0, 0, 0 FROM sales_order o \
         WHERE o.tenant_id = $1 AND o.status IN ('PAID', 'REFUNDED') AND {paid} \
         UNION ALL SELECT o.currency, 0, 0, 0, 0, 0, 0, 0, o.total - o.paid, 0 FROM sales_order o \
         WHERE o.tenant_id = $1 AND o.status = 'PENDING' AND {due}) AS s GROUP BY s.currency ORDER BY s.currency",
        posted = scope.holds("p", "at"),
        paid = scope.holds("o", "paid_at"),
    )
}

/// Revenue and how many were sold, for each product and currency. `product`: its columns over the alias `d`. One that is not seen has the name that it was sold under.
pub fn by_product(scope: Scope, product: &str) -> String {
    format!(
        "SELECT s.currency, s.revenue, s.quantity, CASE WHEN s.product_id IS NULL THEN 'Application fee' ELSE coalesce(d.name, s.name, \
         (SELECT max(l.name) FROM order_line l WHERE l.tenant_id = $1 AND l.product_id = s.product_id)) END, d.kind, {product} FROM (\
         SELECT n.product_id, n.currency, sum(n.revenue)::bigint AS revenue, sum(n.quantity)::bigint AS quantity, max(n.name) AS name FROM (\
         SELECT p.product_id, p.currency, -p.amount AS revenue, 0 AS quantity, NULL::text AS name FROM ledger_posting p \
         WHERE p.tenant_id = $1 AND p.account = 'REVENUE' AND {posted} \
         UNION ALL SELECT l.product_id, o.currency, 0, coalesce(l.quantity, 1), l.name FROM sales_order o \
         LEFT JOIN order_line l ON l.tenant_id = $1 AND l.order_id = o.id \
         WHERE o.tenant_id = $1 AND o.status IN ('PAID', 'REFUNDED') AND {paid}) AS n GROUP BY n.product_id, n.currency) AS s \
         LEFT JOIN product d ON d.tenant_id = $1 AND d.id = s.product_id ORDER BY s.revenue DESC, 4, s.currency, s.product_id",
        posted = scope.holds("p", "at"),
        paid = scope.holds("o", "paid_at"),
    )
}

/// `$5`: the time zone.
pub const PER_DAY: &str =
    "SELECT d.day, d.currency, d.orders, d.revenue FROM app.revenue_days($2, $3, $4, $5) AS d WHERE app.tenant_id() = $1";

/// What each account has moved, in each currency.
pub fn accounts(scope: Scope) -> String {
    format!(
        "SELECT p.account, p.currency, sum(p.amount)::bigint FROM ledger_posting p WHERE p.tenant_id = $1 AND {} GROUP BY p.account, p.currency",
        scope.holds("p", "at")
    )
}

/// What coupons brought in, those used most first; `$5`: how many. `coupon`: its columns over the alias `c`.
pub fn coupons(scope: Scope, coupon: &str) -> String {
    let of = match scope.program {
        Some(_) => "c.program_id = $4",
        None => "true",
    };
    format!(
        "WITH used AS MATERIALIZED (SELECT o.id, o.coupon_id, o.currency, o.discount FROM sales_order o \
         WHERE o.tenant_id = $1 AND o.coupon_id IS NOT NULL AND o.status IN ('PAID', 'REFUNDED') AND {paid}), \
         earned AS (SELECT u.id, -sum(p.amount) AS revenue FROM used u JOIN ledger_entry e ON e.tenant_id = $1 AND e.order_id = u.id \
         JOIN ledger_posting p ON p.tenant_id = $1 AND p.entry_id = e.id AND p.account = 'REVENUE' GROUP BY u.id), \
         summed AS (SELECT u.coupon_id, u.currency, count(*) AS uses, sum(u.discount)::bigint AS discount, sum(coalesce(r.revenue, 0))::bigint AS revenue \
         FROM used u LEFT JOIN earned r ON r.id = u.id GROUP BY u.coupon_id, u.currency), \
         total AS (SELECT s.coupon_id, sum(s.uses)::bigint AS uses, array_agg(s.currency ORDER BY s.currency) AS currencies, \
         array_agg(s.discount ORDER BY s.currency) AS discounts, array_agg(s.revenue ORDER BY s.currency) AS revenues FROM summed s GROUP BY s.coupon_id) \
         SELECT coalesce(t.uses, 0), coalesce(t.currencies, '{{}}'), coalesce(t.discounts, '{{}}'), coalesce(t.revenues, '{{}}'), {coupon} \
         FROM coupon c LEFT JOIN total t ON t.coupon_id = c.id WHERE c.tenant_id = $1 AND {of} \
         ORDER BY coalesce(t.uses, 0) DESC, c.code, c.id LIMIT $5",
        paid = scope.holds("o", "paid_at"),
    )
}

/// The referrals of the program `$2` (null: of all) that were named most; `$3`: how many. `referral`: its columns over the alias `r`.
pub fn referrals(referral: &str) -> String {
    format!(
        "SELECT {referral} FROM app.top_referrals($2, $3) AS n JOIN referral r ON r.tenant_id = $1 AND r.id = n.referral_id \
         ORDER BY n.uses DESC, r.code, r.id"
    )
}

/// How far applications come.
pub const FUNNEL: &str = "SELECT app.application_funnel($2, $3, $4) WHERE app.tenant_id() = $1";

/// How many tickets there are, and with how many of them somebody came; of the program `$2`.
pub const ATTENDANCE: &str = "SELECT app.program_attendance($2) WHERE app.tenant_id() = $1";

/// How many came on each day; `$5`: the time zone.
pub const ENTRY_DAYS: &str = "SELECT d.day, d.entries FROM app.entry_days($2, $3, $4, $5) AS d WHERE app.tenant_id() = $1";

/// Whether the books agree with everything else; of the program `$2`.
pub const RECONCILED: &str = "SELECT app.is_reconciled($2) WHERE app.tenant_id() = $1";
