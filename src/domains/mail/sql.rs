//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/mail.sql`).

/// `$2` the template, `$3` the person, `$4` the address, `$5` the locale, `$6` the parameters, `$7` the key, `$8` the attachments, `$9` the
/// secrets, sealed, `$10` whether a lapse does not stop it: its id, or null where it was there already.
pub const ASK: &str = "SELECT app.send_mail($2, $3, $4, $5, $6, $7, $8, $9, $10) WHERE app.tenant_id() = $1";

/// `$2` the mail: what is to be sent, and to whom.
pub const BEGIN: &str = "SELECT b.*, app.person_of_mail($2) AS person FROM app.begin_mail($2) AS b WHERE app.tenant_id() = $1";

/// `$2` the mail, `$3` its state, `$4` its subject, `$5` the reason, `$6` whether its secrets are kept.
pub const SETTLE: &str = "SELECT app.settle_mail($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// `$2` the mail, `$3` what became of it: whether there is such a mail.
pub const FEEDBACK: &str = "SELECT app.take_mail_feedback($2, $3) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many it deleted.
pub const PURGE: &str = "SELECT app.purge_mail($2) WHERE app.tenant_id() = $1";
