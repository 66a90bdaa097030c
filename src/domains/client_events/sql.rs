//! The statements of the domain. `$1` is the tenant.

/// `$2` ids, `$3` their person, `$4` names, `$5` moments, `$6` keys, `$7` properties: how many of them are new.
pub const RECORD: &str = "WITH added AS (INSERT INTO client_event (tenant_id, id, user_id, name, at, key, properties) \
     SELECT $1, e.id, $3, e.name, e.at, e.key, e.properties \
     FROM unnest($2::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::jsonb[]) AS e(id, name, at, key, properties) \
     ON CONFLICT (tenant_id, user_id, key) DO NOTHING RETURNING id) SELECT count(*)::int4 FROM added";

/// `$2` how many at most: how many it deleted.
pub const PURGE: &str = "SELECT app.purge_client_events($2) WHERE app.tenant_id() = $1";
