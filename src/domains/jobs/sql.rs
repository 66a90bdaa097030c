//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/jobs.sql`).

/// States without jobs are left out.
pub const COUNT_BY_STATE: &str = "SELECT j.state, count(*) FROM job j WHERE j.tenant_id = $1 GROUP BY j.state";

/// Whether there is such a job.
pub const RETRY: &str = "SELECT app.retry_job($2) WHERE app.tenant_id() = $1";

/// Whether there is such a job.
pub const CANCEL: &str = "SELECT app.cancel_job($2) WHERE app.tenant_id() = $1";

/// `$2` the event, which is its job's id, `$3` the id of its object, `$4` what it holds.
pub const FAN_OUT: &str = "SELECT app.fan_out($2, $3, $4) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many it deleted.
pub const PURGE: &str = "SELECT app.purge_jobs($2) WHERE app.tenant_id() = $1";
