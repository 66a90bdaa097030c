//! The dashboard and the reports.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::{DEFAULT_PAGE, MAX_PAGE},
    error::{Error, Result},
    ids::Id,
    resolve::{DateTime, cost},
};
use lectern_macros::{object, queries, resolvers};

use super::{
    activity::{self, ActivityCount, ActivityInterval, ActivityNameCount},
    assistants::{self, AssistantUsage, AssistantUsageKey},
    booked::{self, BookingOutcomeCount, BookingTypeStats, HeatMapCell, LeadTimes, ResourceUtilisation},
    commerce::{self, CommerceReport},
    counts::{self, BookingStatusCount, DayCount, EnrollmentStatusCount, OverviewReport},
    dashboard::Dashboard,
    learning::{self, FunnelStep, GradeBucket, LearnerAtRisk},
    progress::{self, CourseProgress},
    range::Range,
    utilisation::{self, InstructorUtilisation},
};

/// Queries of reports.
pub struct ReportQueries;

#[queries]
impl ReportQueries {
    /// What you have before you: your enrollments, your next bookings, and what waits for an answer.
    async fn dashboard() -> Option<Dashboard> {
        Some(Dashboard)
    }

    /// Counts over what you may see: an instructor counts the enrollments in the own courses and the own bookings, somebody
    /// who may see all of the school counts all of it. All reports of one document are counted at the same moment, so that
    /// they agree.
    #[needs(ReportRead)]
    async fn reports(
        #[doc = "Counts what was created, bookings that begin, and client events, at this moment or later. Left out: from the beginning; \
                 for `bookingsPerDay`, `instructorUtilisation`, `resourceUtilisation`, \
                 `activity` and `activityByName`, the last 30 days up to `to`."]
        from: Option<DateTime>,
        #[doc = "Counts what was created, bookings that begin, and client events, before this moment; must be later than `from`. Left out: \
                 without end; for `bookingsPerDay`, `instructorUtilisation`, `resourceUtilisation`, `activity` and `activityByName`, until the end of today."]
        to: Option<DateTime>,
    ) -> Result<Reports> {
        Ok(Reports { range: Range::check(from, to)? })
    }
}

/// Counts over what you may see, all at the same moment.
#[object(resolvers)]
pub struct Reports {
    #[hidden]
    range: Range,
}

pub(super) fn limit(first: Option<i32>) -> Result<i64> {
    let first = first.unwrap_or(DEFAULT_PAGE);
    if (1..=MAX_PAGE).contains(&first) {
        Ok(first.into())
    } else {
        Err(Error::bad_input("first", format!("must be between 1 and {MAX_PAGE}")))
    }
}

#[resolvers]
impl Reports {
    /// How much there is of everything.
    async fn overview(&self, ctx: &Context<'_>) -> Result<OverviewReport> {
        counts::overview(ctx, self.range).await
    }

    /// Enrollments by how they stand now: every state once, in the order of the enum.
    #[cost(6)]
    async fn enrollments_by_status(&self, ctx: &Context<'_>) -> Result<Vec<EnrollmentStatusCount>> {
        counts::enrollments_by_status(ctx, self.range).await
    }

    /// How far people came in each course that anybody is enrolled in: those with most enrollments first, then by title.
    #[cost(cost::page)]
    async fn course_progress(
        &self,
        ctx: &Context<'_>,
        /// How many courses; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<CourseProgress>> {
        progress::course_progress(ctx, self.range, limit(first)?).await
    }

    /// Bookings in any state by the date of their start: every date that the range touches once, in order, those without
    /// bookings as well. Unless given, the range is the last 30 days, today included; it may touch at most 366.
    #[cost(366)]
    async fn bookings_per_day(
        &self,
        ctx: &Context<'_>,
        /// The IANA time zone whose dates are the days; the school's own unless given.
        time_zone: Option<String>,
    ) -> Result<Vec<DayCount>> {
        counts::bookings_per_day(ctx, self.range, time_zone.as_deref()).await
    }

    /// Bookings by where they stand now: every state once, in the order of the enum.
    #[cost(5)]
    async fn bookings_by_status(&self, ctx: &Context<'_>) -> Result<Vec<BookingStatusCount>> {
        counts::bookings_by_status(ctx, self.range).await
    }

    /// How much of the time of each instructor is booked: those with most booked hours first, then with most available
    /// hours, then by name. Everybody who is an instructor now, and whoever has hours in the range; unless you hold
    /// BOOKING_READ_ALL, only you, because you don't see what others are booked for. Unless given, the range is the last 30
    /// days of the school, today included.
    #[cost(cost::page)]
    async fn instructor_utilisation(
        &self,
        ctx: &Context<'_>,
        /// How many instructors; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<InstructorUtilisation>> {
        utilisation::instructor_utilisation(ctx, self.range, limit(first)?).await
    }

    /// Bookings by their type: the types with most bookings first, then by name. Their sums are those of `overview` and `bookingsByStatus`.
    #[cost(cost::page)]
    async fn booking_type_stats(
        &self,
        ctx: &Context<'_>,
        /// How many types; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<BookingTypeStats>> {
        booked::type_stats(ctx, self.range, limit(first)?).await
    }

    /// How much of the time of each resource is booked, of the bookings that you may see: those with most booked hours first, then with most open hours, then
    /// by name. Every resource, and those deleted since that were booked. Unless given, the range is the last 30 days of the school, today included.
    #[cost(cost::page)]
    async fn resource_utilisation(
        &self,
        ctx: &Context<'_>,
        /// How many resources; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<ResourceUtilisation>> {
        booked::resource_utilisation(ctx, self.range, limit(first)?).await
    }

    /// Bookings in any state by the hour of the week in which they begin: all 168 hours, from Monday's first.
    #[cost(168)]
    async fn booking_heat_map(
        &self,
        ctx: &Context<'_>,
        /// The IANA time zone whose weekdays and hours are counted; the school's own unless given.
        time_zone: Option<String>,
    ) -> Result<Vec<HeatMapCell>> {
        booked::heat_map(ctx, self.range, time_zone.as_deref()).await
    }

    /// Bookings by what became of them: every outcome once, in the order of the enum.
    #[cost(4)]
    async fn booking_outcomes(&self, ctx: &Context<'_>) -> Result<Vec<BookingOutcomeCount>> {
        booked::outcomes(ctx, self.range).await
    }

    /// How long before their start bookings are made.
    async fn lead_times(&self, ctx: &Context<'_>) -> Result<LeadTimes> {
        booked::lead_times(ctx, self.range).await
    }

    /// What people did in clients of the school's (`recordEvents`), by time: every interval that the range touches once, in order,
    /// those without events as well. Your own events, and all of the school's with ENROLLMENT_READ_ALL. Unless given, the range is the
    /// last 30 days of the school's own time zone, today included; it may touch at most 745 intervals.
    #[cost(745)]
    async fn activity(
        &self,
        ctx: &Context<'_>,
        /// What one count covers; DAY unless given.
        interval: Option<ActivityInterval>,
        /// The IANA time zone whose hours, dates and weeks are counted; the school's own unless given.
        time_zone: Option<String>,
    ) -> Result<Vec<ActivityCount>> {
        activity::activity(ctx, self.range, interval, time_zone.as_deref()).await
    }

    /// The same by name, the most frequent first, then by name. In the same range, their sums agree.
    #[cost(cost::page)]
    async fn activity_by_name(
        &self,
        ctx: &Context<'_>,
        /// How many names; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<ActivityNameCount>> {
        activity::activity_by_name(ctx, self.range, limit(first)?).await
    }

    /// How far people get in a course: its published lessons in their order, whatever the range. Empty for whoever is neither of its staff nor reads all
    /// enrollments or all grades.
    #[cost(100)]
    async fn completion_funnel(
        &self,
        ctx: &Context<'_>,
        /// The course.
        course_id: ID,
    ) -> Result<Vec<FunnelStep>> {
        learning::funnel(ctx, Id::parse("courseId", &course_id)?).await
    }

    /// What people have reached in a course so far, in ten ranges of percent, whatever the range: their `currentGrade`, or what one lesson was worth to
    /// them. Who has none is left out. Empty for whoever does not see the grades of its people.
    #[cost(10)]
    async fn grade_distribution(
        &self,
        ctx: &Context<'_>,
        /// The course.
        course_id: ID,
        /// One of its lessons; the course as a whole unless given.
        lesson_id: Option<ID>,
    ) -> Result<Vec<GradeBucket>> {
        learning::distribution(ctx, Id::parse("courseId", &course_id)?, Id::parse_opt("lessonId", lesson_id.as_ref())?).await
    }

    /// What programs bring in, of what was booked in the range: of all, unless one is named. Null for a program that you may not see.
    #[needs(OrderReadAll)]
    async fn commerce(
        &self,
        ctx: &Context<'_>,
        /// The program; all of the school unless given.
        program_id: Option<ID>,
    ) -> Result<Option<CommerceReport>> {
        commerce::commerce(ctx, self.range, program_id.as_ref()).await
    }

    /// Who may not get to the end of their course, whatever the range: those with most reasons first. Of the people whose enrollments you see.
    #[cost(cost::page)]
    async fn learners_at_risk(
        &self,
        ctx: &Context<'_>,
        /// The course; all unless given.
        course_id: Option<ID>,
        /// How many people; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<LearnerAtRisk>> {
        learning::at_risk(ctx, Id::parse_opt("courseId", course_id.as_ref())?, limit(first)?).await
    }

    /// What asking models has taken, by the time of the calls: yours, and with ASSISTANT_MANAGE everybody's. By date, then those that took most first. Any grouping sums to the row
    /// without one. Unless given, the range is the last 30 days of the school, today included.
    #[cost(cost::page)]
    async fn assistant_usage(
        &self,
        ctx: &Context<'_>,
        /// By what it is grouped; left out or empty: one row, the total.
        group_by: Option<Vec<AssistantUsageKey>>,
        /// How many rows; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<AssistantUsage>> {
        assistants::usage(ctx, self.range, group_by, limit(first)?).await
    }
}
