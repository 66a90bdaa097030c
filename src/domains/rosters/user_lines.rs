//! Lines about people.

use lectern_kernel::permission::Permission;
use uuid::Uuid;

use super::{
    bundle::Survey,
    ledger::{Ledger, RoleFact, UserFact},
    lines::{Line, Person, Wrong},
    plan::{Outcome, Plan},
};

fn too_high(column: Option<&'static str>) -> Wrong {
    (column, "ROLE_TOO_HIGH", "This person holds a role that grants more than yours.".to_owned())
}

fn grants_too_much(person: &Person) -> Wrong {
    (person.called.roles, "ROLE_TOO_HIGH", "This role grants more than yours.".to_owned())
}

fn no_more_instructors(column: Option<&'static str>) -> Wrong {
    (column, "LIMIT_REACHED", "The school's plan allows no more instructors.".to_owned())
}

fn own_account(column: Option<&'static str>) -> Wrong {
    (column, "OWN_ACCOUNT", "An import does not suspend whoever started it.".to_owned())
}

fn taken() -> Wrong {
    (Some("email"), "EMAIL_TAKEN", "Somebody else in this school has this address.".to_owned())
}

/// What the actor does not hold, for what a column says.
pub fn missing(column: Option<&'static str>, permission: Permission) -> Wrong {
    (column, "MISSING_PERMISSION", format!("You lack {}.", permission.as_str()))
}

fn need(ledger: &Ledger, column: Option<&'static str>, permission: Permission) -> Result<(), Wrong> {
    if ledger.can(permission) { Ok(()) } else { Err(missing(column, permission)) }
}

/// The same name, but for how many blanks part its words.
fn is_same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// The roles that are to be given.
fn roles(ledger: &Ledger, person: &Person, keys: &[String]) -> Result<Vec<RoleFact>, Wrong> {
    let found = keys.iter().map(|key| match ledger.roles.iter().find(|role| role.key == *key) {
        None => Err((person.called.roles, "BAD_VALUE", format!("There is no role {key}."))),
        Some(role) => Ok(role.clone()),
    });
    found.collect()
}

/// Plans a line about somebody.
///
/// # Errors
/// Why it is rejected.
pub fn plan(plan: &mut Plan, ledger: &mut Ledger, survey: &Survey, line: &Line, person: &Person) -> Result<Outcome, Wrong> {
    if let Some(roles) = &person.unsupported {
        plan.warn(
            line,
            (person.called.roles, "ROLE_NOT_SUPPORTED", format!("No role of the school stands for “{roles}”: this person was skipped.")),
        );
        return Ok(Outcome::Unchanged);
    }
    // Of several ids that were linked with one person the first line's is theirs; the others' are somebody else, if they have another address.
    let known = ledger.object(line.entity, &line.key);
    let linked = known.filter(|id| !ledger.others(survey, line, *id).any(|other| other < line.line));
    let owner = person.address.as_ref().and_then(|address| ledger.addresses.get(address).copied().flatten());
    let Some(id) = linked.or(owner) else { return create(plan, ledger, line, person) };
    if owner.is_some_and(|owner| owner != id) || (linked.is_none() && ledger.others(survey, line, id).next().is_some()) {
        return Err(taken());
    }
    let outcome = change(plan, ledger, id, line, person)?;
    if linked.is_none() && line.sourced_id.is_some() {
        plan.warn(line, (Some("email"), "LINKED_BY_EMAIL", "Somebody with this address was there already: this is they.".to_owned()));
    }
    // Also whoever was named by an id of the school's own: later they may be missing.
    plan.link(ledger, line, Some(id));
    Ok(outcome)
}

fn create(plan: &mut Plan, ledger: &mut Ledger, line: &Line, person: &Person) -> Result<Outcome, Wrong> {
    let Some((email, address)) = person.email.clone().zip(person.address.clone()) else {
        return Err((Some("email"), "EMAIL_MISSING", "Nobody can be added without an address.".to_owned()));
    };
    need(ledger, None, Permission::UserCreate)?;
    let keys = if person.roles.is_empty() { vec!["LEARNER".to_owned()] } else { person.roles.clone() };
    let given = roles(ledger, person, &keys)?;
    if given.iter().any(|role| !role.is_given_by(ledger.permissions)) {
        return Err(grants_too_much(person));
    }
    let is_suspended = person.enabled == Some(false);
    if is_suspended {
        need(ledger, Some(person.called.enabled), Permission::UserUpdate)?;
    }
    let is_instructor = !is_suspended && given.iter().any(RoleFact::teaches);
    let mut room = ledger.room;
    if !Ledger::take(&mut room.0) {
        return Err((None, "LIMIT_REACHED", "The school's plan allows no more people.".to_owned()));
    }
    if is_instructor && !Ledger::take(&mut room.1) {
        return Err(no_more_instructors(person.called.roles));
    }
    ledger.room = room;
    let id = Uuid::now_v7();
    plan.changes.new_users.push(id);
    if is_suspended {
        plan.changes.changed_users.insert(id);
    }
    plan.changes.roles.extend(given.iter().map(|role| (id, role.id)));
    let roles = given.iter().map(|role| role.id).collect();
    let fact = UserFact { id, name: person.name.clone(), email, is_suspended, is_instructor, is_outranked: Some(true), roles };
    ledger.users.insert(id, fact);
    ledger.addresses.insert(address, Some(id));
    plan.link(ledger, line, Some(id));
    Ok(Outcome::Created)
}

fn change(plan: &mut Plan, ledger: &mut Ledger, id: Uuid, line: &Line, person: &Person) -> Result<Outcome, Wrong> {
    let called = person.called;
    let Some(known) = ledger.users.get(&id).cloned() else {
        let named_by = if line.sourced_id.is_some() && ledger.object(line.entity, &line.key) == Some(id) { "sourcedId" } else { "email" };
        return Err((Some(named_by), "MISSING_PERMISSION", "You may not see this person.".to_owned()));
    };
    let mut fact = known.clone();
    if !is_same(&fact.name, &person.name) {
        fact.name.clone_from(&person.name);
    }
    let has_moved = person.address.is_some() && lectern_kernel::text::email_key(&known.email) != person.address;
    if let (true, Some(email)) = (has_moved, &person.email) {
        fact.email.clone_from(email);
    }
    let leaves = person.enabled == Some(false) && !known.is_suspended;
    if leaves && id == ledger.me {
        return Err(own_account(Some(called.enabled)));
    }
    let comes_back = person.enabled == Some(true) && known.is_suspended;
    fact.is_suspended = leaves || (known.is_suspended && !comes_back);
    let wanted = roles(ledger, person, &person.roles)?;
    let given: Vec<RoleFact> = wanted.into_iter().filter(|role| !known.roles.contains(&role.id)).collect();
    // What is changed, by the first column that says so.
    let changed = [
        (leaves, called.enabled),
        (fact.name != known.name, called.name),
        (fact.email != known.email, "email"),
        (comes_back, called.enabled),
    ];
    let changed = changed.into_iter().find(|(is_changed, _)| *is_changed).map(|(_, column)| column);
    if changed.is_none() && given.is_empty() {
        return Ok(Outcome::Unchanged);
    }
    if known.is_outranked != Some(true) {
        return Err(too_high(changed.or(called.roles)));
    }
    if changed.is_some() && (id != ledger.me || comes_back) {
        need(ledger, changed, Permission::UserUpdate)?;
    }
    if !given.is_empty() {
        need(ledger, called.roles, Permission::RoleManage)?;
        let gives = |role: &RoleFact| ledger.permissions.covers(role.grants) || (id != ledger.me && role.is_managed);
        if !given.iter().all(gives) {
            return Err(grants_too_much(person));
        }
    }
    fact.roles.extend(given.iter().map(|role| role.id));
    // Whoever is one may be so by a grant of their own.
    let teaches = known.is_instructor || ledger.roles.iter().any(|role| fact.roles.contains(&role.id) && role.teaches());
    fact.is_instructor = teaches && !fact.is_suspended;
    if fact.is_instructor && !known.is_instructor && !Ledger::take(&mut ledger.room.1) {
        return Err(no_more_instructors(if comes_back { Some(called.enabled) } else { called.roles }));
    }
    if let (true, false, Some(left)) = (known.is_instructor, fact.is_instructor, &mut ledger.room.1) {
        *left += 1;
    }
    if has_moved && let Some(address) = &person.address {
        // The old address is free from now on.
        if let Some(old) = lectern_kernel::text::email_key(&known.email) {
            ledger.addresses.insert(old, None);
        }
        ledger.addresses.insert(address.clone(), Some(id));
    }
    if changed.is_some() {
        plan.changes.changed_users.insert(id);
    }
    plan.changes.roles.extend(given.iter().map(|role| (id, role.id)));
    ledger.users.insert(id, fact);
    Ok(if leaves { Outcome::Removed } else { Outcome::Updated })
}

/// Plans that somebody may not sign in any more, as a column says.
///
/// # Errors
/// Why not.
pub fn suspend(plan: &mut Plan, ledger: &mut Ledger, id: Uuid, column: Option<&'static str>) -> Result<Outcome, Wrong> {
    let me = ledger.me;
    let may_update = ledger.can(Permission::UserUpdate);
    let Some(known) = ledger.users.get_mut(&id) else { return Ok(Outcome::Unchanged) };
    if known.is_suspended {
        return Ok(Outcome::Unchanged);
    }
    if id == me {
        return Err(own_account(column));
    }
    if known.is_outranked != Some(true) {
        return Err(too_high(column));
    }
    if !may_update {
        return Err(missing(column, Permission::UserUpdate));
    }
    if known.is_instructor {
        known.is_instructor = false;
        if let Some(left) = &mut ledger.room.1 {
            *left += 1;
        }
    }
    known.is_suspended = true;
    plan.changes.changed_users.insert(id);
    Ok(Outcome::Removed)
}
