//! What somebody may still use.

use async_graphql::Context;
use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
    resolve::{Ctx, DateTime},
};
use lectern_macros::{extends, object};

use super::sql;
use crate::domains::identity::Viewer;

/// How many tokens you have used and may use. What is reserved for answers under way counts as used.
#[object]
#[derive(Clone, Debug)]
pub struct AssistantAllowance {
    /// How many you have used today, by the school's clock.
    pub used_today: i32,
    /// How many you may use a day; null for any number.
    pub daily_limit: Option<i32>,
    /// When the next day begins.
    pub resets_at: DateTime,
    /// How many the school has used this month; null without ASSISTANT_MANAGE.
    pub used_this_month: Option<f64>,
    /// How many the school may use a month; null for any number, and without ASSISTANT_MANAGE.
    pub monthly_limit: Option<i32>,
}

/// What is added to the viewer.
pub struct ViewerAllowance;

#[extends(Viewer)]
impl ViewerAllowance {
    /// How many tokens of assistants you have used, and may use.
    async fn assistant_allowance(ctx: &Context<'_>) -> Result<Option<AssistantAllowance>> {
        let rows = ctx.tx().query(sql::ALLOWANCE, &[]).await?;
        let Some(row) = rows.first() else { return Err(Error::internal("a school without a clock")) };
        let read = || {
            let used_today: i64 = row.try_get("used_today")?;
            let (used, most): (Option<i64>, Option<i64>) = (row.try_get("used_this_month")?, row.try_get("monthly_limit")?);
            #[allow(clippy::cast_precision_loss, reason = "tokens of a month are far below 2^53")]
            Ok::<_, tokio_postgres::Error>(AssistantAllowance {
                used_today: i32::try_from(used_today).unwrap_or(i32::MAX),
                daily_limit: row.try_get("daily_limit")?,
                resets_at: DateTime(row.try_get("resets_at")?),
                used_this_month: used.map(|used| used as f64),
                monthly_limit: most.map(|most| i32::try_from(most).unwrap_or(i32::MAX)),
            })
        };
        Ok(Some(read().map_err(DbError::from)?))
    }
}
