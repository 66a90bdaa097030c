//! The statements of the domain. `$1` is the tenant; functions do what they say (`sql/functions/doors.sql`).

/// Writes down scans at a door of the program `$2`: the device's names for them `$3`, hashes of codes `$4`, moments `$5`, stations `$6`.
pub const CHECK_IN: &str = "SELECT {ck} FROM app.check_in($2, $3, $4, $5, $6) ck WHERE ck.tenant_id = $1";

/// When what the scans `$2` stand for was first shown.
pub const FIRST_SCANS: &str = "SELECT f.check_in_id, f.at FROM app.first_scans($2) AS f WHERE app.tenant_id() = $1";

/// When the attendees `$2` first came in.
pub const FIRST_ENTRIES: &str = "SELECT f.attendee_id, f.at FROM app.first_entries($2) AS f WHERE app.tenant_id() = $1";

/// What a door knows of the issued tickets `$2`.
pub const ROSTER: &str =
    "SELECT r.ticket_id, r.attendee_name, r.product_name, r.code_hash FROM app.roster_of($2) AS r WHERE app.tenant_id() = $1";
