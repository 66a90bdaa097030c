//! Lines about who is in a class: learners hold seats, the primary teacher instructs it.

use lectern_kernel::permission::Permission;
use uuid::Uuid;

use super::{
    bundle::Survey,
    class_lines::may_change,
    columns::RosterEntity,
    ledger::{Ledger, SeatFact},
    lines::{Line, Part, Wrong},
    plan::{Outcome, Plan},
    user_lines::missing,
};

fn may_enroll(ledger: &Ledger, course: Uuid, column: Option<&'static str>) -> Result<(), Wrong> {
    let is_theirs = ledger.courses.get(&course).is_some_and(|course| course.instructor == Some(ledger.me));
    if !ledger.can(Permission::EnrollmentManage) {
        Err(missing(column, Permission::EnrollmentManage))
    } else if is_theirs || ledger.can(Permission::CourseUpdateAll) {
        Ok(())
    } else {
        Err(missing(column, Permission::CourseUpdateAll))
    }
}

/// Plans a line about somebody in a class.
///
/// # Errors
/// Why it is rejected.
pub fn plan(
    plan: &mut Plan,
    ledger: &mut Ledger,
    survey: &Survey,
    line: &Line,
    (class, user, part): (&str, &str, Part),
) -> Result<Outcome, Wrong> {
    if part == Part::Other {
        plan.warn(line, (Some("role"), "ROLE_NOT_SUPPORTED", "Only students and teachers are kept: this line was skipped.".to_owned()));
        return Ok(Outcome::Unchanged);
    }
    let objects = ledger.object(RosterEntity::Class, class).zip(ledger.object(RosterEntity::User, user));
    if let (Part::Learner, true) = (part, line.is_gone) {
        let linked = ledger.object(RosterEntity::Enrollment, &line.key).and_then(|id| ledger.pairs.get(&id).copied());
        return leave(plan, ledger, survey, line, linked.or(objects));
    }
    let Some(pair) = objects else {
        // Whoever is not known teaches nothing, either.
        let unknown = (None, "UNKNOWN_REFERENCE", "There is no such class or person.".to_owned());
        return if line.is_gone { Ok(Outcome::Unchanged) } else { Err(unknown) };
    };
    if let Part::Teacher { is_primary } = part {
        if !is_primary {
            return Ok(Outcome::Unchanged);
        }
        // The first line that names one is the one that counts.
        let first = survey.teachers.get(class);
        let is_first = first.is_some_and(|first| first == user || ledger.object(RosterEntity::User, first) == Some(pair.1));
        return match (line.is_gone, is_first) {
            (false, true) | (true, false) => teach(plan, ledger, line, pair),
            (true, true) => Ok(Outcome::Unchanged),
            (false, false) => {
                Err((Some("primary"), "BAD_VALUE", "An earlier line names another primary teacher of this class.".to_owned()))
            }
        };
    }
    if let Some(seat) = ledger.seats.get(&pair) {
        let id = seat.id;
        let outcome = if seat.status == "DROPPED" { take_seat(plan, ledger, pair, Some(id))? } else { Outcome::Unchanged };
        plan.link(ledger, line, Some(id));
        return Ok(outcome);
    }
    let outcome = take_seat(plan, ledger, pair, None)?;
    let id = ledger.seats.get(&pair).map(|seat| seat.id);
    plan.link(ledger, line, id);
    Ok(outcome)
}

/// An enrollment is to end, unless another line says that it is there.
fn leave(plan: &mut Plan, ledger: &mut Ledger, survey: &Survey, line: &Line, pair: Option<(Uuid, Uuid)>) -> Result<Outcome, Wrong> {
    let Some((pair, id)) = pair.and_then(|pair| Some((pair, ledger.seats.get(&pair)?.id))) else { return Ok(Outcome::Unchanged) };
    if ledger.others(survey, line, id).next().is_some() {
        return Ok(Outcome::Unchanged);
    }
    drop_seat(plan, ledger, pair, Some("status"))
}

fn take_seat(plan: &mut Plan, ledger: &mut Ledger, pair: (Uuid, Uuid), known: Option<Uuid>) -> Result<Outcome, Wrong> {
    may_enroll(ledger, pair.0, Some("classSourcedId"))?;
    let Some(course) = ledger.courses.get_mut(&pair.0) else {
        return Err((Some("classSourcedId"), "UNKNOWN_REFERENCE", "There is no class of this id.".to_owned()));
    };
    if known.is_none() && course.status != "PUBLISHED" {
        return Err((Some("classSourcedId"), "COURSE_NOT_PUBLISHED", "Only a published course takes people in.".to_owned()));
    }
    if !Ledger::take(&mut course.seats) {
        return Err((Some("classSourcedId"), "COURSE_FULL", "All seats of this course are taken.".to_owned()));
    }
    plan.changes.seats.insert(pair);
    match ledger.seats.get_mut(&pair) {
        Some(seat) => {
            // The database says whether it was begun.
            "NOT_STARTED".clone_into(&mut seat.status);
            Ok(Outcome::Updated)
        }
        None => {
            ledger.know_seat(pair, SeatFact { id: Uuid::now_v7(), was: None, status: "NOT_STARTED".to_owned() });
            Ok(Outcome::Created)
        }
    }
}

/// Plans that somebody leaves a course, as a column says. What they have finished stays.
///
/// # Errors
/// Why not.
pub fn drop_seat(plan: &mut Plan, ledger: &mut Ledger, pair: (Uuid, Uuid), column: Option<&'static str>) -> Result<Outcome, Wrong> {
    let is_held = ledger.seats.get(&pair).is_some_and(|seat| matches!(seat.status.as_str(), "NOT_STARTED" | "IN_PROGRESS"));
    if !is_held {
        return Ok(Outcome::Unchanged);
    }
    may_enroll(ledger, pair.0, column)?;
    if let Some(left) = ledger.courses.get_mut(&pair.0).and_then(|course| course.seats.as_mut()) {
        *left += 1;
    }
    if let Some(seat) = ledger.seats.get_mut(&pair) {
        "DROPPED".clone_into(&mut seat.status);
    }
    plan.changes.seats.insert(pair);
    Ok(Outcome::Removed)
}

fn teach(plan: &mut Plan, ledger: &mut Ledger, line: &Line, (course, user): (Uuid, Uuid)) -> Result<Outcome, Wrong> {
    let Some(mut fact) = ledger.courses.get(&course).cloned() else { return Ok(Outcome::Unchanged) };
    if (fact.instructor == Some(user)) != line.is_gone {
        return Ok(Outcome::Unchanged);
    }
    let column = Some(if line.is_gone { "status" } else { "primary" });
    may_change(ledger, &fact, column)?;
    if !ledger.can(Permission::CourseUpdateAll) {
        return Err(missing(column, Permission::CourseUpdateAll));
    }
    if !line.is_gone && !ledger.users.get(&user).is_some_and(|user| user.is_instructor) {
        return Err((Some("userSourcedId"), "BAD_VALUE", "This person is no instructor.".to_owned()));
    }
    fact.instructor = Some(user).filter(|_| !line.is_gone);
    plan.changes.changed_courses.insert(course);
    ledger.courses.insert(course, fact);
    Ok(if line.is_gone { Outcome::Removed } else { Outcome::Updated })
}
