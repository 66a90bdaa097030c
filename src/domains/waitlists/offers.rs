//! What is offered to the viewer.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::extends;

use super::WaitlistEntry;
use crate::domains::reports::Dashboard;

/// What is offered to the person `$2`, the soonest to expire first.
const OFFERED: &str = "SELECT {w} FROM waitlist_entry w JOIN slot_hold h ON h.tenant_id = w.tenant_id AND h.id = w.hold_id \
     WHERE w.tenant_id = $1 AND w.learner_id = $2 AND w.status = 'OFFERED' AND h.expires_at > now() ORDER BY h.expires_at, w.id LIMIT 100";

/// What is added to the dashboard.
pub struct DashboardOffers;

#[extends(Dashboard)]
impl DashboardOffers {
    /// What you waited for and is held for you now, the soonest to expire first.
    #[cost(20)]
    async fn waitlist_offers(ctx: &Context<'_>) -> Result<Vec<Loaded<WaitlistEntry>>> {
        Ok(ctx.rows::<WaitlistEntry>(OFFERED, &[&ctx.actor()?.user]).await?)
    }
}
