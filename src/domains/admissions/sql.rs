//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/admissions.sql`).

/// `$2` the kind, `$3` the school, `$4` the address, `$5` its key, `$6` a name, `$7` a role's key, `$8` a message.
pub const ASK: &str = "SELECT app.ask_for_account($2, $3, $4, $5, $6, $7, $8) WHERE app.tenant_id() = $1";

/// `$2` the school, `$3` a role's key: whether a listed school does not offer it.
pub const REFUSES_ROLE: &str = "SELECT app.refuses_role($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the request.
pub const TAKE_REQUEST: &str = "SELECT r.* FROM app.take_account_request($2) AS r WHERE app.tenant_id() = $1";

/// `$2` the key of the address, `$3` the address, `$4` the hash of the token: the person, or null.
pub const BEGIN_RESET: &str = "SELECT app.begin_password_reset($2, $3, $4) WHERE app.tenant_id() = $1";

/// `$2` the key of the address, `$3` the address, `$4` the HMAC of the code, `$5` a name: whether it goes, and to whom.
pub const BEGIN_CODE: &str = "SELECT b.goes, b.person FROM app.begin_code_sign_in($2, $3, $4, $5) AS b WHERE app.tenant_id() = $1";

/// `$2` the key of the address, `$3` the address, `$4` the hash of the token, `$5` the name, `$6` the role's key, `$7` the message.
pub const BEGIN_SIGN_UP: &str = "SELECT b.outcome, b.person FROM app.begin_sign_up($2, $3, $4, $5, $6, $7) AS b WHERE app.tenant_id() = $1";

/// `$2` the invitation, `$3` when it was sent, `$4` the hash of the token: where it goes.
pub const BEGIN_INVITATION: &str =
    "SELECT b.email, b.role_names, b.expires_at FROM app.begin_invitation($2, $3, $4) AS b WHERE app.tenant_id() = $1";

/// `$2` the link, `$3` the hash of its token: whose address it was.
pub const BEGIN_REVERT: &str =
    "SELECT b.user_id, b.email, b.changed_at FROM app.begin_email_revert($2, $3) AS b WHERE app.tenant_id() = $1";

/// `$2` the hash of the token: what the link says, if it can be used.
pub const LINK: &str = "SELECT l.* FROM app.usable_link($2) AS l WHERE app.tenant_id() = $1";

/// `$2` the hash of the token: whether there was such a link.
pub const KNOWS_LINK: &str = "SELECT app.knows_link($2) WHERE app.tenant_id() = $1";

/// `$2` the school, `$3` the hash of the token.
pub const PREVIEW: &str = "SELECT l.* FROM app.link_preview($2, $3) AS l WHERE $1::uuid IS NOT NULL";

/// `$2` the hash of the token, `$3` the hash of the password: whether it was set.
pub const RESET_PASSWORD: &str = "SELECT app.reset_password($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the hash of the token: whether the address is back.
pub const REVERT_EMAIL: &str = "SELECT app.revert_email($2) WHERE app.tenant_id() = $1";

/// `$2` the hash of the token, `$3` the hash of the password, `$4` the id of the request, `$5` the id of the person if there is one: the state, and the
/// school.
pub const CONFIRM_SIGN_UP: &str = "SELECT app.confirm_sign_up($2, $3, $4, $5), t.slug FROM tenant t WHERE t.tenant_id = $1";

/// `$2` the hash of the token, `$3` the id of the person, `$4` their name, `$5` the hash of the password: their token version.
pub const ACCEPT_INVITATION: &str = "SELECT app.accept_invitation($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// `$2` the school, `$3` the key of the address, `$4` the address.
pub const FIND_CODE: &str = "SELECT c.tenant_id, c.code_mac, c.user_id, c.token_version, c.may_sign_in FROM app.find_sign_in_code($2, $3, $4) AS c WHERE $1::uuid IS NOT NULL";

/// `$2` the key of the address, `$3` the HMAC, `$4` the person, `$5` the id of whoever is new: the token version.
pub const SPEND_CODE: &str = "SELECT app.spend_sign_in_code($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// `$2` keys of roles: those that there are, and whether the actor admits to them.
pub const ADMITS_TO: &str = "SELECT r.key, ARRAY[r.key] <@ app.managed_roles() FROM role r WHERE r.tenant_id = $1 AND r.key = ANY ($2)";

/// `$2` the invitations, as JSON.
pub const INVITE: &str = "SELECT app.invite($2) WHERE app.tenant_id() = $1";

/// `$2` ids, in whose order they are answered.
pub const INVITATIONS: &str =
    "SELECT {i} FROM invitation i WHERE i.tenant_id = $1 AND i.id = ANY ($2) ORDER BY array_position($2::uuid[], i.id)";

/// `$2` the invitation, `$3` whether it is sent again, or revoked: whether there is such a one.
pub const MOVE_INVITATION: &str = "SELECT app.move_invitation($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the request, `$3` whether it is approved, `$4` another role's key, `$5` a note, `$6` the id of the person: whether there is such a request.
pub const DECIDE: &str = "SELECT app.decide_sign_up($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many it deleted.
pub const PURGE: &str = "SELECT app.purge_admissions($2) WHERE app.tenant_id() = $1";
