//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/applications.sql` say who may take which step.

/// Where the applications `$2` stand in their waiting lists.
pub const PLACES: &str = "SELECT p.application_id, p.place FROM app.waiting_places($2) AS p WHERE app.tenant_id() = $1";

/// Until when something is to be paid for the applications `$2`.
pub const PAYMENT_ENDS: &str = "SELECT p.application_id, p.ends_at FROM app.payment_ends($2) AS p WHERE app.tenant_id() = $1";

/// Which of the applications `$2` have tickets that are held or issued.
pub const LIVE_TICKETS: &str = "SELECT t.application_id FROM app.with_live_tickets($2) AS t WHERE app.tenant_id() = $1";

/// What has become of the applications `$2`; to the applicant without who did it, unless it was they.
pub const EVENTS: &str = "SELECT v.application_id, v.at, v.from_status, v.to_status, v.message, \
     v.answers || coalesce((SELECT s.answers FROM application_event_secret s WHERE s.tenant_id = $1 AND s.event_id = v.id), jsonb_build_object()), \
     v.form_version, CASE WHEN ap.user_id <> app.user_id() OR v.actor_id = ap.user_id THEN v.actor_id END \
     FROM application_event v JOIN application ap ON ap.tenant_id = $1 AND ap.id = v.application_id \
     WHERE v.tenant_id = $1 AND v.application_id = ANY ($2) ORDER BY v.application_id, v.at, v.id";

/// Starts the application `$2` to the program `$3`, of the person `$4`, for the group `$5`, by the referral `$6`; answers `$7`, sensitive ones `$8`, files of them `$9`; what is not
/// shared, `$10`; by the form `$11`; its MAIN attendee is `$12`.
pub const START: &str = "SELECT app.start_application($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) WHERE app.tenant_id() = $1";

/// What answers of the application `$2` are held against, where the actor may change them.
pub const OPEN: &str =
    "SELECT o.program_id, o.status, o.form, o.plain, o.secret FROM app.open_application($2) AS o WHERE app.tenant_id() = $1";

/// The same, for handing it in.
pub const OPEN_TO_SUBMIT: &str =
    "SELECT o.program_id, o.status, o.form, o.plain, o.secret FROM app.open_submission($2) AS o WHERE app.tenant_id() = $1";

/// Saves in the application `$2`, by the form `$3`, the answers `$4`, the sensitive ones `$5`, files of them `$6`; what is not shared, `$7`.
pub const SAVE: &str = "SELECT app.save_application($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";

/// Hands in the application `$2`, by the form `$3`, with the answers `$4`, the sensitive ones `$5`, files of them `$6`.
pub const SUBMIT: &str = "SELECT app.submit_application($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// Withdraws the application `$2`, because of `$3`.
pub const WITHDRAW: &str = "SELECT app.withdraw_application($2, $3) WHERE app.tenant_id() = $1";

/// Opens the application `$2` again.
pub const REOPEN: &str = "SELECT app.reopen_application($2) WHERE app.tenant_id() = $1";

/// Takes what is offered to the application `$2`.
pub const ACCEPT: &str = "SELECT app.accept_place($2) WHERE app.tenant_id() = $1";

/// Takes the application `$2` to the state `$3`, saying `$4`.
pub const DECIDE: &str = "SELECT app.decide_application($2, $3, $4) WHERE app.tenant_id() = $1";

/// Ends offers and places whose time is over; `$2` at most.
pub const LAPSE: &str = "SELECT app.lapse_places($2) WHERE app.tenant_id() = $1";
