//! What is known of the school while lines are planned: as the database said, and as the lines planned so far will make it. An import knows it
//! for a batch; a dry run, which changes nothing, from its beginning to its end.

use std::collections::{HashMap, HashSet};

use lectern_kernel::permission::{Permission, PermissionSet};
use uuid::Uuid;

use super::{bundle::Survey, columns::RosterEntity, lines::Line};

/// A role of the school.
#[derive(Debug, Clone)]
pub struct RoleFact {
    pub id: Uuid,
    pub key: String,
    pub grants: PermissionSet,
    /// Whether the actor's role manages it.
    pub is_managed: bool,
}

impl RoleFact {
    /// Whether the actor, who holds these, may give it to others.
    pub fn is_given_by(&self, held: PermissionSet) -> bool {
        self.is_managed || held.covers(self.grants)
    }

    /// Whether whoever holds it is an instructor.
    pub fn teaches(&self) -> bool {
        self.grants.contains(Permission::AvailabilityManage)
    }
}

/// Somebody.
#[derive(Debug, Clone)]
pub struct UserFact {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub is_suspended: bool,
    pub is_instructor: bool,
    /// Whether the actor may change them; none where nobody has asked.
    pub is_outranked: Option<bool>,
    pub roles: HashSet<Uuid>,
}

/// A course.
#[derive(Debug, Clone)]
pub struct CourseFact {
    pub id: Uuid,
    pub title: String,
    pub status: String,
    pub instructor: Option<Uuid>,
    /// Seats that are free; none: as many as anybody wants.
    pub seats: Option<i64>,
}

/// Somebody in a course.
#[derive(Debug, Clone)]
pub struct SeatFact {
    pub id: Uuid,
    /// How it stands in the database; none where it is new.
    pub was: Option<String>,
    pub status: String,
}

/// Who acts, and the school.
#[derive(Debug, Default)]
pub struct Ledger {
    pub me: Uuid,
    pub permissions: PermissionSet,
    pub tenant: Uuid,
    pub roles: Vec<RoleFact>,
    /// How many more people and instructors there may be.
    pub room: (Option<i64>, Option<i64>),
    pub links: HashMap<(RosterEntity, String), Option<Uuid>>,
    /// The ids of the source that stand for an object, as far as more than one of them matters.
    pub ids: HashMap<Uuid, HashSet<String>>,
    /// Whose an address is; none: it was somebody's, and is free.
    pub addresses: HashMap<String, Option<Uuid>>,
    pub users: HashMap<Uuid, UserFact>,
    pub courses: HashMap<Uuid, CourseFact>,
    pub seats: HashMap<(Uuid, Uuid), SeatFact>,
    /// Who an enrollment is of, in which course: the other way round.
    pub pairs: HashMap<Uuid, (Uuid, Uuid)>,
}

/// What a batch does.
#[derive(Debug, Default)]
pub struct Changes {
    pub new_users: Vec<Uuid>,
    pub changed_users: HashSet<Uuid>,
    pub roles: Vec<(Uuid, Uuid)>,
    pub new_courses: Vec<Uuid>,
    pub changed_courses: HashSet<Uuid>,
    pub seats: HashSet<(Uuid, Uuid)>,
    pub links: HashMap<(RosterEntity, String), Option<Uuid>>,
    pub unlinked: HashSet<(RosterEntity, String)>,
}

impl Ledger {
    /// Whether the actor may do something.
    pub fn can(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// What an id of the source stands for: none where it is not known, none inside where it is only checked.
    pub fn link(&self, entity: RosterEntity, key: &str) -> Option<Option<Uuid>> {
        self.links.get(&(entity, key.to_owned())).copied()
    }

    /// The object that an id of the source stands for.
    pub fn object(&self, entity: RosterEntity, key: &str) -> Option<Uuid> {
        self.link(entity, key).flatten()
    }

    /// An id of the source stands for an object from now on.
    pub fn set_link(&mut self, entity: RosterEntity, key: &str, object: Option<Uuid>) {
        let before = self.links.insert((entity, key.to_owned()), object).flatten();
        if let Some(ids) = before.filter(|before| Some(*before) != object).and_then(|before| self.ids.get_mut(&before)) {
            ids.remove(key);
        }
        if let Some(object) = object {
            self.ids.entry(object).or_default().insert(key.to_owned());
        }
    }

    /// The other lines of the file that stand for an object: those whose ids are linked with it.
    pub fn others<'a>(&'a self, survey: &'a Survey, line: &'a Line, object: Uuid) -> impl Iterator<Item = i32> + 'a {
        let ids = self.ids.get(&object).into_iter().flatten().filter(|id| **id != line.key);
        // Without an id a person goes by their address: that may be the line's own.
        ids.filter_map(move |id| survey.line_of(line.entity, id)).filter(|other| *other != line.line)
    }

    /// Somebody's enrollment, if they have one, or had.
    pub fn know_seat(&mut self, pair: (Uuid, Uuid), seat: SeatFact) {
        self.pairs.insert(seat.id, pair);
        self.seats.entry(pair).or_insert(seat);
    }

    /// Takes one of what is left, if there is one.
    pub fn take(room: &mut Option<i64>) -> bool {
        match room {
            None => true,
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) => false,
        }
    }
}
