//! The statements of the domain. `$1` is the tenant; the policies filter again, and functions say what an order costs and takes (`sql/functions/orders.sql`).

/// What the cart costs that `$2` to `$8` make: application, currency, lines, tickets given back, code, whether credit is used, whether it is free.
pub const QUOTE: &str = "SELECT app.preview_order($2, $3, $4, $5, $6, $7, $8) WHERE app.tenant_id() = $1";

/// Before the same cart is placed under the key `$9`: the school's key for codes; `$10` where it has none. Refuses what there is not so much left of.
pub const BEGIN: &str = "SELECT app.begin_order($2, $3, $4, $5, $6, $7, $8, $9, $10) WHERE app.tenant_id() = $1";

/// Places the same cart: at the total `$9`, paid by `$10`, coming back to `$11`, billed to `$12`, `$13`, `$14`, under the key `$15` of the request `$16`, with the tickets `$17`
/// and the hashes `$18` of their codes. Answers the order.
pub const PLACE: &str =
    "SELECT app.place_order($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) WHERE app.tenant_id() = $1";

/// An order for the fee of the application `$2`: of `$3`, paid by `$4`, coming back to `$5`, under the key `$6` of the request `$7`. Answers it.
pub const PLACE_FEE: &str = "SELECT app.place_fee_order($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";

/// What the mutation `$2` has made under the key `$3` for the request `$4`; null where the key is new.
pub const USE_KEY: &str = "SELECT app.use_key($2, $3, $4) WHERE app.tenant_id() = $1";

/// Cancels the order `$2`.
pub const CANCEL: &str = "SELECT app.cancel_order($2) WHERE app.tenant_id() = $1";

/// Expires what is overdue; `$2` at most.
pub const EXPIRE: &str = "SELECT app.expire_orders($2) WHERE app.tenant_id() = $1";

/// The school's key for codes; `$2` where it has none.
pub const KEY: &str = "SELECT app.ticket_key($2) WHERE app.tenant_id() = $1";

/// What the codes of the tickets `$2` are made of, for those who may know them.
pub const CODES: &str = "SELECT c.ticket_id, c.generation, c.sealed FROM app.ticket_codes($2) AS c WHERE app.tenant_id() = $1";

/// Makes the codes of the attendee `$2` unknown.
pub const RENEW_CODES: &str = "SELECT r.ticket_id, r.generation FROM app.renew_ticket_codes($2) AS r WHERE app.tenant_id() = $1";

/// The tickets `$2` have codes with the hashes `$3`.
pub const KEEP_CODES: &str = "SELECT app.keep_ticket_codes($2, $3) WHERE app.tenant_id() = $1";

/// The credit of the applications `$2`, where there is some.
pub const CREDITS: &str = "SELECT b.application_id, b.amount, b.currency FROM credit_balance b WHERE b.tenant_id = $1 AND b.application_id = ANY ($2) AND b.amount > 0 ORDER BY b.currency";

/// Tickets that admit the person `$2`, or somebody of an application of theirs: found by the index of attendees and by that of applications.
pub const OWN_TICKETS: &str = "SELECT {tk} FROM ticket tk WHERE tk.tenant_id = $1 AND tk.id IN ( \
     SELECT t.id FROM ticket t WHERE t.tenant_id = $1 AND t.status = 'ISSUED' AND t.attendee_id = ANY (ARRAY(SELECT ae.id FROM attendee ae WHERE ae.tenant_id = $1 AND ae.user_id = $2)) \
     UNION ALL \
     SELECT t.id FROM ticket t WHERE t.tenant_id = $1 AND t.status = 'ISSUED' AND t.application_id = ANY (ARRAY(SELECT ap.id FROM application ap WHERE ap.tenant_id = $1 AND ap.user_id = $2))) \
     AND (tk.valid_until IS NULL OR tk.valid_until > now()) ORDER BY tk.created_at DESC, tk.id LIMIT 100";

/// Orders of the person `$2` that wait to be paid.
pub const OPEN_ORDERS: &str = "SELECT {od} FROM sales_order od WHERE od.tenant_id = $1 AND od.buyer_id = $2 AND od.status = 'PENDING' \
     AND (od.expires_at IS NULL OR od.expires_at > now()) ORDER BY od.created_at DESC, od.id LIMIT 100";
