//! What an earlier import of a source brought and this file lacks.

use std::collections::{HashMap, HashSet};

use lectern_kernel::{db::ColumnReader, jobs::Failure};
use uuid::Uuid;

use super::{
    bundle::{Survey, mark},
    class_lines::archive,
    columns::{IssueSeverity, RosterEntity},
    enrollment_lines::drop_seat,
    ledger::Ledger,
    lines::Issue,
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

/// What is missing in sheets that are whole, and could be removed. What another id of the file stands for is not.
///
/// # Errors
/// Where the database does not answer.
pub async fn missing(asker: &Asker<'_>, ledger: &Ledger, survey: &Survey) -> Result<Vec<Missing>, Failure> {
    let mut all = Vec::new();
    for (entity, _) in ORDER {
        let Some(seen) = survey.seen.get(&entity) else { continue };
        let is_seen = |key: &str| seen.contains(&mark(key));
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
                    kept.insert(object);
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
    asker.users(ledger, of(RosterEntity::User)).await?;
    let enrollments = of(RosterEntity::Enrollment);
    if !enrollments.is_empty() {
        asker.seats_by_id(ledger, &enrollments).await?;
    }
    let pairs: HashMap<Uuid, (Uuid, Uuid)> = ledger.seats.iter().map(|(pair, seat)| (seat.id, *pair)).collect();
    let mut courses = of(RosterEntity::Class);
    courses.extend(enrollments.iter().filter_map(|id| pairs.get(id)).map(|(course, _)| *course));
    courses.sort_unstable();
    courses.dedup();
    if !asker.is_rehearsal && !courses.is_empty() {
        asker.tx.query(sql::LOCK_COURSES, &[&courses]).await?;
    }
    asker.courses(ledger, courses).await?;
    let mut plan = Plan::default();
    for one in some {
        let planned = match one.entity {
            RosterEntity::User => suspend(&mut plan, ledger, one.object),
            RosterEntity::Class => archive(&mut plan, ledger, one.object),
            _ => pairs.get(&one.object).map_or(Ok(Outcome::Unchanged), |pair| drop_seat(&mut plan, ledger, *pair)),
        };
        match planned {
            Ok(Outcome::Removed) => plan.outcomes.push((one.entity, Outcome::Removed)),
            Ok(_) => {}
            Err((column, reason, message)) => {
                let file = ORDER.iter().find(|(entity, _)| *entity == one.entity).map_or("", |(_, file)| file);
                let sourced_id = Some(one.key.clone()).filter(|key| !key.starts_with("email:"));
                let severity = IssueSeverity::Error;
                plan.issues.push(Issue { file: file.to_owned(), line: 0, column, severity, reason, message, sourced_id });
                plan.outcomes.push((one.entity, Outcome::Rejected));
            }
        }
    }
    Ok(plan)
}
