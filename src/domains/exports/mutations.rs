//! Asking for exports, and for those that come by themselves.

use async_graphql::Context;
use jiff::{SignedDuration, tz::TimeZone};
use lectern_kernel::{
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Insert, Loaded, Patch, Rows, as_given, present, text},
};
use lectern_macros::mutations;

use super::{
    columns::ReportDataset,
    export_run::ExportRun,
    inputs::{self, CreateReportScheduleInput, ExportReportInput, UpdateReportScheduleInput},
    period::Clock,
    report_schedule::ReportSchedule,
    sql,
};
use crate::domains::{bookings::Span, reports};

/// Mutations of exports.
pub struct ExportMutations;

fn no_schedule() -> Error {
    Error::not_found("schedule").field("id")
}

fn too_many(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("You may have {limit} schedules."), limit, used)
}

/// What the file of a report is called: `enrollments-2026-11-16-to-2026-11-22.csv`.
pub fn file_name(dataset: ReportDataset, span: Span, zone: &TimeZone) -> String {
    let first = span.start.to_zoned(zone.clone()).date();
    let last = (span.end - SignedDuration::from_nanos(1)).to_zoned(zone.clone()).date();
    format!("{}-{first}-to-{last}.csv", dataset.word())
}

/// The school's time zone.
///
/// # Errors
/// `INTERNAL` where it is none.
pub fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|error| Error::internal(format!("the school's time zone: {error}")))
}

/// The zone that somebody names, or the school's own.
fn zone_of(ctx: &Context<'_>, name: Option<&str>) -> Result<(String, TimeZone)> {
    let name = match name {
        Some(name) => name.trim().to_owned(),
        None => ctx.actor()?.time_zone.clone(),
    };
    let zone = text::time_zone("timeZone", &name)?;
    Ok((zone.iana_name().map_or(name, str::to_owned), zone))
}

#[mutations("ExportRun")]
impl ExportMutations {
    /// Writes a report of what you may see as CSV; its figures are those of `reports`. The run is QUEUED; its file is PRIVATE, yours, and deleted
    /// after 7 days. Cells that a spreadsheet would take for a formula begin with `'`.
    #[needs(ReportRead)]
    async fn export_report(
        ctx: &Context<'_>,
        /// What it lists, and of when.
        input: ExportReportInput,
    ) -> Result<Loaded<ExportRun>> {
        let (name, zone) = zone_of(ctx, None)?;
        let span = reports::range(input.from, input.to, ctx.now(), &zone)?;
        if input.dataset == ReportDataset::Activity {
            reports::check_days(span, &zone)?;
        }
        let columns = ExportRun::COLUMNS;
        let run = Insert::<ExportRun>::new()
            .set(columns.requested_by_id, Id::from_uuid(ctx.actor()?.user))
            .set(columns.dataset, Some(input.dataset))
            .set(columns.name, file_name(input.dataset, span, &zone))
            .set(columns.time_zone, name)
            .set(columns.from_at, Some(DateTime(span.start)))
            .set(columns.to_at, Some(DateTime(span.end)));
        Ok(run.run(ctx).await?)
    }

    /// Has a report made by itself, over each day, week or month that has ended. LIMIT_REACHED where you have 20.
    #[needs(ReportRead)]
    #[in_person]
    #[about("ReportSchedule")]
    async fn create_report_schedule(
        ctx: &Context<'_>,
        /// What, how often, and when.
        input: CreateReportScheduleInput,
    ) -> Result<Loaded<ReportSchedule>> {
        let hour = inputs::hour(input.hour)?;
        let (name, zone) = zone_of(ctx, input.time_zone.as_deref())?;
        let next = Clock { frequency: input.frequency, hour, zone }.next(ctx.now())?;
        let columns = ReportSchedule::COLUMNS;
        let schedule = Insert::<ReportSchedule>::new()
            .set(columns.owner_id, Id::from_uuid(ctx.actor()?.user))
            .set(columns.dataset, input.dataset)
            .set(columns.frequency, input.frequency)
            .set(columns.hour, input.hour)
            .set(columns.time_zone, name)
            .set(columns.next_run_at, Some(DateTime(next)));
        Ok(schedule.run(ctx).await.on_constraint("report_schedule_cap", too_many)?)
    }

    /// Changes a schedule of yours. What is left out stays as it is. Periods that ended while it was paused are not made up for.
    #[needs(ReportRead)]
    #[in_person]
    #[about("ReportSchedule")]
    async fn update_report_schedule(
        ctx: &Context<'_>,
        /// The change.
        input: UpdateReportScheduleInput,
    ) -> Result<Loaded<ReportSchedule>> {
        let id = Id::<ReportSchedule>::parse("id", &input.id)?;
        let frequency = present("frequency", &input.frequency, as_given)?;
        let hour = present("hour", &input.hour, as_given)?;
        let paused = present("isPaused", &input.is_paused, as_given)?;
        hour.map(inputs::hour).transpose()?;
        let zone = input.time_zone.as_opt_ref().map(|name| zone_of(ctx, name.map(String::as_str))).transpose()?;
        // When it runs next is said by all of it: two changes at once go one after the other.
        ctx.tx().query(sql::LOCK_SCHEDULE, &[&id]).await?;
        let known = ctx.get(id).await?.ok_or_else(no_schedule)?;
        let clock = Clock {
            frequency: frequency.unwrap_or(known.frequency),
            hour: inputs::hour(hour.unwrap_or(known.hour))?,
            zone: match &zone {
                Some((_, zone)) => zone.clone(),
                None => text::time_zone("timeZone", &known.time_zone)?,
            },
        };
        let is_paused = paused.unwrap_or(known.is_paused);
        let next = if is_paused { None } else { Some(DateTime(clock.next(ctx.now())?)) };
        let columns = ReportSchedule::COLUMNS;
        let mut change = Patch::of(id)
            .set_if(columns.frequency, frequency)
            .set_if(columns.hour, hour)
            .set_if(columns.time_zone, zone.map(|(name, _)| name))
            .set(columns.is_paused, is_paused)
            .set(columns.next_run_at, next);
        if paused.is_some() {
            change = change.set(columns.paused_reason, None);
        }
        change.run(ctx).await?.ok_or_else(no_schedule)
    }

    /// Deletes a schedule of yours; what it has made stays. Answers its id.
    #[needs(ReportRead)]
    #[about("ReportSchedule")]
    async fn delete_report_schedule(
        ctx: &Context<'_>,
        /// The schedule's id.
        id: Id<ReportSchedule>,
    ) -> Result<Id<ReportSchedule>> {
        let deleted = ctx.tx().query(sql::DELETE_SCHEDULE, &[&id]).await?;
        if deleted.is_empty() { Err(no_schedule()) } else { Ok(id) }
    }

    /// Has the report of the last whole period made now, also by a schedule that is paused. There is one run a period: where there is one
    /// already, it answers that.
    #[needs(ReportRead)]
    async fn run_report_schedule(
        ctx: &Context<'_>,
        /// The schedule's id.
        id: Id<ReportSchedule>,
    ) -> Result<Loaded<ExportRun>> {
        let known = ctx.get(id).await?.ok_or_else(no_schedule)?;
        let zone = text::time_zone("timeZone", &known.time_zone)?;
        let clock = Clock { frequency: known.frequency, hour: inputs::hour(known.hour)?, zone };
        let period = clock.last_whole(ctx.now())?;
        let name = file_name(known.dataset, period, &clock.zone);
        let made = ctx.tx().value::<Option<Id<ExportRun>>>(sql::RUN_SCHEDULE, &[&id, &name, &period.start, &period.end]).await?.flatten();
        let run = match made {
            Some(run) => ctx.whole(run).await?,
            None => None,
        };
        run.ok_or_else(no_schedule)
    }
}
