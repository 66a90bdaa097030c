//! Lines about classes: courses of the school.

use lectern_kernel::permission::Permission;
use uuid::Uuid;

use super::{
    bundle::Survey,
    columns::RosterEntity,
    ledger::{CourseFact, Ledger},
    lines::{Line, Wrong},
    plan::{Outcome, Plan},
    user_lines::missing,
};

/// Whether the actor may change a course, as a column says.
pub fn may_change(ledger: &Ledger, course: &CourseFact, column: Option<&'static str>) -> Result<(), Wrong> {
    let is_theirs = course.instructor == Some(ledger.me) && ledger.can(Permission::CourseUpdate);
    if is_theirs || ledger.can(Permission::CourseUpdateAll) { Ok(()) } else { Err(missing(column, Permission::CourseUpdateAll)) }
}

/// Plans a line about a class.
///
/// # Errors
/// Why it is rejected.
pub fn plan(plan: &mut Plan, ledger: &mut Ledger, survey: &Survey, line: &Line, title: &str) -> Result<Outcome, Wrong> {
    let teacher = survey.teachers.get(&line.key).map(String::as_str);
    let Some(id) = ledger.object(RosterEntity::Class, &line.key) else { return create(plan, ledger, line, title, teacher) };
    let Some(mut course) = ledger.courses.get(&id).cloned() else { return Ok(Outcome::Unchanged) };
    // What an earlier import has archived comes back.
    let comes_back = course.status == "ARCHIVED";
    let is_renamed = !course.title.split_whitespace().eq(title.split_whitespace());
    // An id of the school's own is linked as well: what lacks later is known to have been here.
    if !comes_back && !is_renamed {
        plan.link(ledger, line, Some(id));
        return Ok(Outcome::Unchanged);
    }
    if ledger.others(survey, line, id).any(|other| other < line.line) {
        // Of several ids of one course the first line's says what it is.
        return Err((Some("sourcedId"), "DUPLICATE_SOURCED_ID", "An earlier line says something else of the same course.".to_owned()));
    }
    may_change(ledger, &course, Some(if is_renamed { "title" } else { "status" }))?;
    if comes_back {
        "PUBLISHED".clone_into(&mut course.status);
    }
    if is_renamed {
        title.clone_into(&mut course.title);
    }
    plan.changes.changed_courses.insert(id);
    ledger.courses.insert(id, course);
    plan.link(ledger, line, Some(id));
    Ok(Outcome::Updated)
}

fn create(plan: &mut Plan, ledger: &mut Ledger, line: &Line, title: &str, teacher: Option<&str>) -> Result<Outcome, Wrong> {
    for permission in [Permission::CourseCreate, Permission::CourseUpdate] {
        if !ledger.can(permission) {
            return Err(missing(None, permission));
        }
    }
    // Whoever does not teach is told of by their own line.
    let teacher = teacher.and_then(|key| ledger.object(RosterEntity::User, key)).and_then(|id| ledger.users.get(&id));
    let instructor = teacher.filter(|user| user.is_instructor).map(|user| user.id);
    if instructor != Some(ledger.me) && !ledger.can(Permission::CourseUpdateAll) {
        return Err(missing(None, Permission::CourseUpdateAll));
    }
    let id = Uuid::now_v7();
    plan.changes.new_courses.push(id);
    // Drafts are added, and then published.
    plan.changes.changed_courses.insert(id);
    let course = CourseFact { id, title: title.to_owned(), status: "PUBLISHED".to_owned(), instructor, seats: None };
    ledger.courses.insert(id, course);
    plan.link(ledger, line, Some(id));
    Ok(Outcome::Created)
}

/// Plans that a course takes nobody in any more, as a column says.
///
/// # Errors
/// Why not.
pub fn archive(plan: &mut Plan, ledger: &mut Ledger, id: Uuid, column: Option<&'static str>) -> Result<Outcome, Wrong> {
    let Some(mut course) = ledger.courses.get(&id).cloned() else { return Ok(Outcome::Unchanged) };
    if course.status == "ARCHIVED" {
        return Ok(Outcome::Unchanged);
    }
    may_change(ledger, &course, column)?;
    "ARCHIVED".clone_into(&mut course.status);
    plan.changes.changed_courses.insert(id);
    ledger.courses.insert(id, course);
    Ok(Outcome::Removed)
}
