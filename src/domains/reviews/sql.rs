//! The statements of the domain. `$1` is the tenant; the functions of `sql/functions/reviews.sql` say who may vote and who may know.

/// How the votes on the applications `$2` stand.
pub const SUMMARIES: &str = "SELECT s.application_id, s.strong_yes, s.yes, s.no, s.strong_no, s.outstanding FROM app.review_summaries($2) AS s WHERE app.tenant_id() = $1";

/// Who of the people `$2` is flagged.
pub const FLAGGED: &str = "SELECT f FROM app.red_flagged($2) AS f WHERE app.tenant_id() = $1";

/// The actor votes on the application `$2`, by the review `$3`: `$4`, because of `$5`.
pub const REVIEW: &str = "SELECT app.review_application($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// Flags the person `$2`, or not: `$3`; because of `$4`.
pub const FLAG: &str = "SELECT app.set_red_flag($2, $3, $4) WHERE app.tenant_id() = $1";

/// How many applications wait for the actor's vote.
pub const PENDING: &str = "SELECT app.pending_reviews() WHERE app.tenant_id() = $1";
