//! What an earlier import of a source brought and this file lacks.

use std::collections::{HashMap, HashSet};

use lectern_kernel::{db::ColumnReader, jobs::Failure};
use uuid::Uuid;

use super::{
    bundle::Survey,
    class_lines::archive,
    columns::{IssueSeverity, RosterEntity},
    enrollment_lines::drop_seat,
    ledger::Ledger,
    lines::{Issue, Wrong},
    look::Asker,
    plan::{Outcome, Plan},
    sql,
    user_lines::suspend,
};

/// Links that are read at once.
const PAGE: i64 = 5000;

/// In this order: who is in a class leaves before it is archived.
const ORDER: [(RosterEntity, &str); 3] =
    [(RosterEntity::Enrollment, "enrollments.csv"), (RosterEntity::Class, "classes.csv"), (RosterEntity::User, "users.csv")];

/// Something that is missing.
#[derive(Debug, Clone)]
pub struct Missing {
    pub entity: RosterEntity,
    pub key: String,
    pub object: Uuid,
}

impl Missing {
    /// Why it stays. It stands in no line: what is told is told of the sheet as a whole, at its first.
    pub fn issue(&self, (column, reason, message): Wrong) -> Issue {
        let file = ORDER.iter().find(|(entity, _)| *entity == self.entity).map_or("", |(_, file)| file).to_owned();
        let sourced_id = Some(self.key.clone()).filter(|key| !key.starts_with("email:"));
        Issue { file, line: 1, column, severity: IssueSeverity::Error, reason, message, sourced_id }
    }
}

/// What is to be told where removals were asked for of a bundle in which nothing can be missing.
pub fn impossible(survey: &Survey) -> Option<Issue> {
    let message = "This bundle holds changes alone: nothing is missing in it, and nothing was removed for that.".to_owned();
    survey.nothing_is_missing_by().map(|line| Issue {
        file: "manifest.csv".to_owned(),
        line,
        column: Some("value"),
        severity: IssueSeverity::Warning,
        reason: "REMOVALS_NOT_POSSIBLE",
        message,
        sourced_id: None,
    })
}

/// What is missing in sheets that are whole, and could be removed. What another id of the file stands for is not.
///
/// # Errors
/// Where the database does not answer.
pub async fn missing(asker: &Asker<'_>, ledger: &Ledger, survey: &Survey) -> Result<Vec<Missing>, Failure> {
    let mut all = Vec::new();
    for (entity, _) in ORDER {
        if !survey.is_whole(entity) {
            continue;
        }
        let is_seen = |key: &str| survey.has(entity, key);
        let mut kept: HashSet<Uuid> =
            ledger.links.iter().filter(|((of, key), _)| *of == entity && is_seen(key)).filter_map(|(_, object)| *object).collect();
        let mut lacking: HashMap<String, Uuid> = HashMap::new();
        let mut after = String::new();
        loop {
            let rows = asker.tx.query(sql::BROUGHT, &[&asker.source, &entity, &after, &PAGE]).await?;
            for row in &rows {
                let mut reader = ColumnReader::new(row);
                let (key, object, can_go): (String, Uuid, bool) = (reader.next()?, reader.next()?, reader.next()?);
                if is_seen(&key) {
                    // A dry run knows better what has become of an id by now.
                    if ledger.link(entity, &key).is_none_or(|known| known == Some(object)) {
                        kept.insert(object);
                    }
                } else if can_go {
                    lacking.insert(key.clone(), object);
                }
                after = key;
            }
            if i64::try_from(rows.len()).unwrap_or(i64::MAX) < PAGE {
                break;
            }
        }
        let mut lacking: Vec<_> = lacking.into_iter().filter(|(_, object)| !kept.contains(object)).collect();
        lacking.sort();
        lacking.dedup_by_key(|(_, object)| *object);
        all.extend(lacking.into_iter().map(|(key, object)| Missing { entity, key, object }));
    }
    Ok(all)
}

/// Plans that some of it goes.
///
/// # Errors
/// Where the database does not answer.
pub async fn plan(asker: &Asker<'_>, ledger: &mut Ledger, some: &[Missing]) -> Result<Plan, Failure> {
    let of = |entity: RosterEntity| -> Vec<Uuid> { some.iter().filter(|one| one.entity == entity).map(|one| one.object).collect() };
    asker.users(ledger, of(RosterEntity::User), true).await?;
    let enrollments = of(RosterEntity::Enrollment);
    asker.seats_by_id(ledger, &enrollments).await?;
    let mut courses = of(RosterEntity::Class);
    courses.extend(enrollments.iter().filter_map(|id| ledger.pairs.get(id)).map(|(course, _)| *course));
    courses.sort_unstable();
    courses.dedup();
    if !asker.is_rehearsal && !courses.is_empty() {
        asker.tx.query(sql::LOCK_COURSES, &[&courses]).await?;
    }
    asker.courses(ledger, courses).await?;
    let mut plan = Plan::default();
    for one in some {
        let planned = match one.entity {
            RosterEntity::User => suspend(&mut plan, ledger, one.object, None),
            RosterEntity::Class => archive(&mut plan, ledger, one.object, None),
            _ => match ledger.pairs.get(&one.object).copied() {
                Some(pair) => drop_seat(&mut plan, ledger, pair, None),
                None => Ok(Outcome::Unchanged),
            },
        };
        match planned {
            Ok(Outcome::Removed) => plan.outcomes.push((one.entity, Outcome::Removed)),
            Ok(_) => {}
            Err(wrong) => {
                plan.issues.push(one.issue(wrong));
                plan.outcomes.push((one.entity, Outcome::Rejected));
            }
        }
    }
    Ok(plan)
}
