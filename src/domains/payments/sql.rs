//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/payments.sql` say who may do what.

/// What providers have said of the payments `$2`, the oldest first.
pub const EVENTS: &str = "SELECT e.payment_id, e.event_id, e.type, e.outcome, e.received_at FROM payment_event e \
     WHERE e.tenant_id = $1 AND e.payment_id = ANY ($2) ORDER BY e.received_at, e.event_id";

/// The providers that the school takes money by.
pub const READY: &str = "SELECT app.ready_providers() WHERE app.tenant_id() = $1";

/// How the school is paid; nothing where nobody has said anything.
pub const SETTINGS: &str = "SELECT t.slug, coalesce(s.providers, '{}'), s.transfer_instructions, coalesce(s.has_stripe_secret_key, false), \
     coalesce(s.has_stripe_webhook_secret, false), coalesce(s.has_test_webhook_secret, false), coalesce(s.return_origins, '{}'), s.seller_name, \
     s.seller_address, s.seller_tax_id, coalesce(s.invoice_prefix, '') \
     FROM tenant t LEFT JOIN payment_settings s ON s.tenant_id = t.tenant_id WHERE t.tenant_id = $1";

/// A row of settings, where there is none yet.
pub const ADD_SETTINGS: &str =
    "INSERT INTO payment_settings (tenant_id, invoice_prefix) VALUES ($1, '') ON CONFLICT (tenant_id) DO NOTHING";

/// Changes settings: for each column whether it is changed (`$2`, `$4`, …), and to what.
pub const SET_SETTINGS: &str = "UPDATE payment_settings ps SET \
     providers = CASE WHEN $2::boolean THEN $3::text[] ELSE ps.providers END, \
     transfer_instructions = CASE WHEN $4::boolean THEN $5::text ELSE ps.transfer_instructions END, \
     return_origins = CASE WHEN $6::boolean THEN $7::text[] ELSE ps.return_origins END, \
     seller_name = CASE WHEN $8::boolean THEN $9::text ELSE ps.seller_name END, \
     seller_address = CASE WHEN $10::boolean THEN $11::text ELSE ps.seller_address END, \
     seller_tax_id = CASE WHEN $12::boolean THEN $13::text ELSE ps.seller_tax_id END, \
     invoice_prefix = CASE WHEN $14::boolean THEN $15::text ELSE ps.invoice_prefix END WHERE ps.tenant_id = $1";

/// Changes the secrets, which are not read: the key of Stripe to `$2`.
pub const SET_STRIPE_KEY: &str = "UPDATE payment_settings ps SET stripe_secret_key = $2 WHERE ps.tenant_id = $1";

/// The secret of Stripe's webhooks to `$2`.
pub const SET_STRIPE_WEBHOOK: &str = "UPDATE payment_settings ps SET stripe_webhook_secret = $2 WHERE ps.tenant_id = $1";

/// The secret of the test provider's webhooks to `$2`.
pub const SET_TEST_WEBHOOK: &str = "UPDATE payment_settings ps SET test_webhook_secret = $2 WHERE ps.tenant_id = $1";

/// The order `$2`, where the actor sees it, is paid by the provider `$3`; the browser comes back to `$4`.
pub const PAY: &str = "SELECT app.pay_order(o.id, $3, $4) FROM sales_order o WHERE o.tenant_id = $1 AND o.id = $2";

/// For the order `$2` the amount `$3` came, at `$4`, with the note `$5`; under the key `$6`, for the request `$7`.
pub const RECORD: &str = "SELECT app.record_payment(o.id, $3, $4, $5, $6, $7) FROM sales_order o WHERE o.tenant_id = $1 AND o.id = $2";

/// Of the order `$2` the amount `$3` goes back, and the tickets `$4` (null: all), as credit or not (`$5`), for the reason `$6`; under the key `$7`, for the request `$8`.
pub const REFUND: &str =
    "SELECT app.refund_order(o.id, $3, $4::uuid[], $5, $6, $7, $8) FROM sales_order o WHERE o.tenant_id = $1 AND o.id = $2";

/// The application `$2`, where the actor sees it, is given credit: `$3` of `$4`, for the reason `$5`; under the key `$6`, for the request `$7`.
pub const GRANT: &str = "SELECT app.grant_credit(a.id, $3, $4, $5, $6, $7) FROM application a WHERE a.tenant_id = $1 AND a.id = $2";

/// By what the school `$2` is proven to by the provider `$3`, whichever school the transaction is in.
pub const DOOR: &str = "SELECT d.tenant, d.secret FROM app.payment_door($2, $3) AS d WHERE $1::uuid IS NOT NULL";

/// What a provider says is taken: provider `$2`, event `$3` of the type `$4`, effect `$5`, payment `$6`, intent `$7`, session `$8`, amount `$9` of `$10`, refund `$11`, known
/// there as `$12`, in the state `$13`; why, `$14`.
pub const TAKE: &str = "SELECT app.take_payment_event($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) WHERE app.tenant_id() = $1";

/// What the page of the test provider shows of the payment `$2`.
pub const TEST_PAYMENT: &str =
    "SELECT t.status, t.amount, t.currency, t.reference, t.school, t.return_url FROM app.test_payment($2) AS t WHERE app.tenant_id() = $1";

/// What Stripe is to be told of the payment `$2`.
pub const TO_START: &str = "SELECT s.amount, s.currency, s.reference, s.program, s.created_at, s.expires_at, s.return_url, s.secret FROM app.payment_to_start($2) AS s \
     WHERE app.tenant_id() = $1";

/// The payment `$2` is made by the session `$3` with the intent `$4`, at the address `$5`.
pub const STARTED: &str = "SELECT app.payment_started($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// `$2` payments at most that Stripe is asked about.
pub const TO_ASK: &str = "SELECT a.payment, a.session, a.secret FROM app.payments_to_ask($2) AS a WHERE app.tenant_id() = $1";

/// Stripe has said what became of the payment `$2`.
pub const CHECKED: &str = "SELECT app.payment_checked($2) WHERE app.tenant_id() = $1";

/// What Stripe is to give back for the refund `$2`.
pub const TO_REFUND: &str = "SELECT r.amount, r.payment, r.session, r.intent, r.known, r.is_old, r.secret FROM app.refund_to_send($2) AS r \
     WHERE app.tenant_id() = $1";

/// `$2` refunds at most are looked after anew: how many were.
pub const CHASE: &str = "SELECT app.chase_refunds($2) WHERE app.tenant_id() = $1";
