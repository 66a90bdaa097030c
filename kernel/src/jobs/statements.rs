//! The statements of the engine. `$1` is the tenant: the job's school, or nil where all schools are looked over.

/// `$2` the lanes, `$3` how many of each, `$4` how many of one school, `$5` the worker, `$6` the lease, `$7` its seconds.
pub const CLAIM: &str =
    "SELECT c.tenant_id, c.id, c.kind, c.lane, c.attempts FROM app.claim_jobs($2, $3, $4, $5, $6, $7) AS c WHERE app.tenant_id() = $1";

/// `$2` the job, `$3` the lease.
pub const ENTER: &str = "SELECT e.* FROM app.enter_job($2, $3) AS e WHERE app.tenant_id() = $1";

/// `$2` the job, `$3` the lease, `$4` its seconds.
pub const KEEP: &str = "SELECT app.keep_job($2, $3, $4) WHERE app.tenant_id() = $1";

/// `$2` the job, `$3` the lease.
pub const FINISH: &str = "SELECT app.finish_job($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the job, `$3` the lease, `$4` what was said, `$5` after how many seconds it runs again.
pub const FAIL: &str = "SELECT app.fail_job($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// `$2` the job, `$3` the lease, `$4` after how many seconds it runs again.
pub const GIVE_BACK: &str = "SELECT app.give_back_job($2, $3, $4) WHERE app.tenant_id() = $1";

/// `$2` the kind, `$3` since when.
pub const DUE: &str = "SELECT d.tenant_id, d.slot FROM app.due_schools($2, $3) AS d WHERE app.tenant_id() = $1";

/// `$2` the kind, `$3` the slot.
pub const SCHEDULE: &str = "SELECT app.schedule_job($2, $3) WHERE app.tenant_id() = $1";

/// How much there is to do in each lane.
pub const FIGURES: &str =
    "SELECT f.lane, f.due, f.later, f.running, f.dead, f.oldest FROM app.job_figures() AS f WHERE app.tenant_id() = $1";
