//! The statements of the domain. `$1` is the tenant; the policies filter again.

pub const DELETE: &str =
    "UPDATE resource re SET deleted_at = now() WHERE re.tenant_id = $1 AND re.id = $2 AND re.deleted_at IS NULL RETURNING re.id";
