//! The statements of the domain. `$1` is the tenant; the functions of `sql/functions/attendees.sql` say who may change a party, and who reads addresses.

/// The addresses of the attendees `$2`.
pub const EMAILS: &str = "SELECT e.attendee_id, e.email FROM app.attendee_emails($2) AS e WHERE app.tenant_id() = $1";

/// With the application `$2` comes, as the attendee `$3` of the kind `$4`, somebody called `$5`, with the address `$6`, whose key is `$7`.
pub const ADD: &str = "SELECT app.add_attendee($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";

/// The attendee `$2` has the name `$3`, and the address `$4` with the key `$5`; null: as it is. `$6`: no address.
pub const CHANGE: &str = "SELECT app.change_attendee($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// The attendee `$2` does not come.
pub const REMOVE: &str = "SELECT app.remove_attendee($2) WHERE app.tenant_id() = $1";
