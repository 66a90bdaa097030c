//! The statements of the domain. `$1` is the tenant; the policies filter again.

/// What the entries `$2` move, as they were written.
pub const POSTINGS: &str = "SELECT lp.entry_id, lp.account, lp.amount, lp.currency, lp.product_id FROM ledger_posting lp \
     WHERE lp.tenant_id = $1 AND lp.entry_id = ANY ($2) ORDER BY lp.n";

/// The pages that the invoices `$2` are drawn on.
pub const DRAWINGS: &str = "SELECT {f}, d.invoice_id FROM app.invoice_drawings($2) AS d \
     JOIN app.invoice_files($2) f ON f.tenant_id = $1 AND f.id = d.file_id";

/// What is drawn of the invoice `$2`.
pub const TO_DRAW: &str = "SELECT d.kind, d.code, d.document, d.issued_at, d.time_zone, d.locale, d.primary_color FROM app.invoice_to_draw($2) AS d \
     WHERE app.tenant_id() = $1";

/// The invoice `$2` is the file named `$3` of the type `$4`, with so many bytes (`$5`), of this SHA-256 (`$6`), under the key `$7`: whether it is the first.
pub const ATTACH: &str = "SELECT app.attach_invoice($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";
