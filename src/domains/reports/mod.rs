//! Reports: what a person has before them (`dashboard`), and counts over what they may see (`reports`). No tables: every
//! number is counted in the request's own snapshot, under the policies of the tables that it is counted from, so that
//! numbers of one document agree with one another.
//!
//! Permission: REPORT_READ for reports, ORDER_READ_ALL as well for what programs bring in; the dashboard is for everybody.

mod activity;
mod assistants;
mod booked;
mod commerce;
mod counts;
mod dashboard;
mod enrolled;
mod learning;
mod lines;
mod progress;
mod queries;
mod range;
mod sql;
mod utilisation;

use lectern_kernel::resolve::registry::Domain;

pub use self::dashboard::Dashboard;
pub use self::lines::{activity_lines, check_days, course_progress_lines, range, utilisation_lines};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        dashboard::Dashboard::object,
        queries::Reports::object,
        counts::OverviewReport::object,
        counts::EnrollmentStatusCount::object,
        counts::BookingStatusCount::object,
        counts::DayCount::object,
        progress::CourseProgress::object,
        utilisation::InstructorUtilisation::object,
        activity::ActivityCount::object,
        activity::ActivityNameCount::object,
        learning::FunnelStep::object,
        learning::GradeBucket::object,
        learning::LearnerAtRisk::object,
        dashboard::Deadline::object,
        booked::BookingTypeStats::object,
        booked::ResourceUtilisation::object,
        booked::HeatMapCell::object,
        booked::BookingOutcomeCount::object,
        booked::LeadTimes::object,
        assistants::AssistantUsage::object,
        commerce::CommerceReport::object,
        commerce::CommerceTotals::object,
        commerce::ProductRevenue::object,
        commerce::DayRevenue::object,
        commerce::ApplicationFunnel::object,
        commerce::CouponPerformance::object,
        commerce::ProgramAttendance::object,
        commerce::AccountBalance::object,
    ],
    operations: &[queries::ReportQueries::OPERATIONS],
    ..Domain::new("reports")
};
