//! The statements of the domain. `$1` is the tenant; the policies filter again.

/// The prices of the products `$2`.
pub const PRICES: &str =
    "SELECT r.product_id, r.amount, r.currency FROM product_price r WHERE r.tenant_id = $1 AND r.product_id = ANY ($2) ORDER BY r.position";

/// Whether the products `$2` can be bought.
pub const AVAILABILITY: &str = "SELECT a.product_id, a.availability FROM app.product_availability($2) AS a WHERE app.tenant_id() = $1";

/// How many there are of the products `$2`, and how many are held.
pub const STOCKS: &str = "SELECT s.product_id, s.stock, s.held FROM product_stock s WHERE s.tenant_id = $1 AND s.product_id = ANY ($2)";

/// What everybody may know of what the programs `$3` of the schools `$2` sell. Nobody need be signed in: `$1` is no school then.
pub const SHOWN: &str = "SELECT p.program_id, p.name, p.description, p.kind, p.amounts, p.currencies, p.availability FROM app.public_products($2, $3) AS p WHERE $1::uuid IS NOT NULL";

/// How often the coupons `$2` may be used, and are.
pub const COUPON_USES: &str = "SELECT u.coupon_id, u.max_uses, u.uses FROM coupon_uses u WHERE u.tenant_id = $1 AND u.coupon_id = ANY ($2)";

/// How often the referrals `$2` may be named, and were.
pub const REFERRAL_USES: &str =
    "SELECT u.referral_id, u.max_uses, u.uses FROM referral_uses u WHERE u.tenant_id = $1 AND u.referral_id = ANY ($2)";

/// The prices of the product `$2` of the program `$3` are `$4` in `$5`, in this order, and no others.
pub const SET_PRICES: &str = "WITH gone AS (DELETE FROM product_price r WHERE r.tenant_id = $1 AND r.product_id = $2 AND r.currency <> ALL ($5)) \
     INSERT INTO product_price AS r (tenant_id, product_id, program_id, amount, currency, position) \
     SELECT $1, $2, $3, p.amount, p.currency, p.n FROM unnest($4::integer[], $5::text[]) WITH ORDINALITY AS p(amount, currency, n) \
     ON CONFLICT (tenant_id, product_id, currency) DO UPDATE SET amount = excluded.amount, position = excluded.position";

/// There are `$3` of the product `$2`; null: any number.
pub const SET_STOCK: &str = "UPDATE product_stock s SET stock = $3 WHERE s.tenant_id = $1 AND s.product_id = $2";

/// Deletes the product `$2`.
pub const DELETE_PRODUCT: &str = "DELETE FROM product pd WHERE pd.tenant_id = $1 AND pd.id = $2 RETURNING pd.id";

/// The coupon `$2` may be used `$3` times; null: any number.
pub const SET_COUPON_USES: &str = "UPDATE coupon_uses u SET max_uses = $3 WHERE u.tenant_id = $1 AND u.coupon_id = $2";

/// Deletes the coupon `$2`.
pub const DELETE_COUPON: &str = "DELETE FROM coupon cp WHERE cp.tenant_id = $1 AND cp.id = $2 RETURNING cp.id";

/// Makes the referral `$2` to the program `$3`, of the person `$4`, with the code `$5` (null: any), `$6` off, to be named `$7` times.
pub const CREATE_REFERRAL: &str = "SELECT app.create_referral($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";

/// The referral `$2` may be named `$3` times; null: any number.
pub const SET_REFERRAL_USES: &str = "UPDATE referral_uses u SET max_uses = $3 WHERE u.tenant_id = $1 AND u.referral_id = $2";
