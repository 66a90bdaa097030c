//! What a batch must know, asked at once: a handful of statements, however many lines.

use lectern_kernel::{
    db::{ColumnReader, Tx},
    ids::{Kind as _, decode},
    jobs::Failure,
    permission::{Permission, PermissionSet},
};
use uuid::Uuid;

use super::{
    columns::RosterEntity,
    ledger::{CourseFact, Ledger, RoleFact, SeatFact, UserFact},
    lines::{Body, Line},
    sql,
};
use crate::domains::{courses::Course, enrollments::Enrollment, identity::User, tenants::Tenant};

/// Who asks, and of which source.
pub struct Asker<'a> {
    pub tx: &'a Tx,
    pub source: &'a str,
    /// Whether nothing will be changed: nobody waits for a turn then.
    pub is_rehearsal: bool,
    pub notify: bool,
}

impl Asker<'_> {
    /// Begins a batch: who acts, what they may do now, and what holds for all lines. None where they may not import any more.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn begin(&self, ledger: &mut Ledger) -> Result<Option<()>, Failure> {
        let quiet = if self.notify { "on" } else { "off" };
        let rows = self.tx.query(sql::BATCH, &[&quiet]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut reader = ColumnReader::new(row);
        ledger.me = reader.next()?;
        let permissions: Vec<&str> = reader.next()?;
        ledger.permissions = PermissionSet::from_texts(&permissions);
        ledger.tenant = self.tx.identity().tenant;
        if !ledger.can(Permission::RosterManage) {
            return Ok(None);
        }
        ledger.roles.clear();
        for row in &self.tx.query(sql::ROLES, &[]).await? {
            let mut reader = ColumnReader::new(row);
            let (id, key, is_system): (Uuid, String, bool) = (reader.next()?, reader.next()?, reader.next()?);
            let texts: Vec<&str> = reader.next()?;
            let grants =
                if is_system && key == "ADMIN" { Permission::ALL.iter().copied().collect() } else { PermissionSet::from_texts(&texts) };
            ledger.roles.push(RoleFact { id, key, grants, is_managed: reader.next()? });
        }
        Ok(Some(()))
    }

    /// How many more people there may be; once a batch, or once a dry run.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn room(&self, ledger: &mut Ledger) -> Result<(), Failure> {
        if let Some(row) = self.tx.query(sql::ROOM, &[&self.is_rehearsal]).await?.first() {
            let mut reader = ColumnReader::new(row);
            ledger.room = (reader.next()?, reader.next()?);
        }
        Ok(())
    }

    /// Learns what these lines are about.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn look(&self, ledger: &mut Ledger, lines: &[&Line], teachers: &[String]) -> Result<(), Failure> {
        let mut keys: Vec<(RosterEntity, &str)> = Vec::new();
        for line in lines {
            keys.push((line.entity, &line.key));
            keys.extend(line.refs.iter().map(|(_, entity, key)| (*entity, key.as_str())));
        }
        keys.extend(teachers.iter().map(|key| (RosterEntity::User, key.as_str())));
        keys.retain(|(entity, key)| !key.is_empty() && !key.contains('\0') && ledger.link(*entity, key).is_none());
        keys.sort_unstable();
        keys.dedup();
        let mut found = self.links(&keys).await?;
        // An id of this school names its object, where no link says otherwise.
        for (entity, key) in &keys {
            let is_linked = found.iter().any(|(known, id, _)| known == entity && id == key);
            let named = decode(key).filter(|_| !is_linked);
            match (entity, named) {
                (RosterEntity::User, Some((User::PREFIX, id))) | (RosterEntity::Class, Some((Course::PREFIX, id))) => {
                    found.push((*entity, (*key).to_owned(), Some(id)));
                }
                (RosterEntity::Course, Some((Course::PREFIX, id))) | (RosterEntity::Enrollment, Some((Enrollment::PREFIX, id))) => {
                    found.push((*entity, (*key).to_owned(), Some(id)));
                }
                (RosterEntity::Org | RosterEntity::AcademicSession, Some((Tenant::PREFIX, id))) if id == ledger.tenant => {
                    found.push((*entity, (*key).to_owned(), None));
                }
                _ => {}
            }
        }
        let owners = self.addresses(ledger, lines).await?;

        let objects = |entities: &[RosterEntity]| -> Vec<Uuid> {
            found.iter().filter(|(entity, ..)| entities.contains(entity)).filter_map(|(_, _, id)| *id).collect()
        };
        let mut people = objects(&[RosterEntity::User]);
        people.extend(owners);
        self.users(ledger, people, lines.iter().any(|line| line.entity == RosterEntity::User)).await?;
        let mut courses = objects(&[RosterEntity::Class, RosterEntity::Course]);
        let has_seats = lines.iter().any(|line| line.entity == RosterEntity::Enrollment);
        if has_seats {
            // Of what is to end, the id says whose it is.
            let is_ending = |key: &str| lines.iter().any(|line| line.is_gone && line.key == key);
            let ending = found.iter().filter(|(entity, key, _)| *entity == RosterEntity::Enrollment && is_ending(key));
            let ending: Vec<Uuid> = ending.filter_map(|(.., id)| *id).collect();
            self.seats_by_id(ledger, &ending).await?;
            courses.extend(ending.iter().filter_map(|id| ledger.pairs.get(id)).map(|(course, _)| *course));
        }
        // Those that were linked by an earlier batch of a dry run are known already.
        courses.sort_unstable();
        courses.dedup();
        if has_seats && !self.is_rehearsal && !courses.is_empty() {
            self.tx.query(sql::LOCK_COURSES, &[&courses]).await?;
        }
        self.courses(ledger, courses).await?;
        for (entity, key, object) in found {
            // What the actor does not see, or what is gone, is not known.
            let is_there = match (entity, object) {
                (RosterEntity::User, Some(id)) => ledger.users.contains_key(&id),
                (RosterEntity::Class | RosterEntity::Course, Some(id)) => ledger.courses.contains_key(&id),
                _ => true,
            };
            if is_there {
                let object = if entity == RosterEntity::Course { None } else { object };
                ledger.set_link(entity, &key, object);
            }
        }
        if has_seats {
            self.seats(ledger, lines).await?;
        }
        self.others(ledger, lines).await
    }

    /// Learns which other ids stand for what these lines are about, where that matters: whom a person's line names, which course a class is, and what
    /// is to go.
    async fn others(&self, ledger: &mut Ledger, lines: &[&Line]) -> Result<(), Failure> {
        let mut objects: Vec<Uuid> = Vec::new();
        for line in lines {
            let is_named = line.is_gone || matches!(line.entity, RosterEntity::User | RosterEntity::Class);
            objects.extend(ledger.object(line.entity, &line.key).filter(|_| is_named));
            match &line.body {
                Body::Person(person) => {
                    objects.extend(person.address.as_ref().and_then(|address| ledger.addresses.get(address).copied().flatten()));
                }
                Body::Seat { class, user, .. } if line.is_gone => {
                    let pair = ledger.object(RosterEntity::Class, class).zip(ledger.object(RosterEntity::User, user));
                    objects.extend(pair.and_then(|pair| ledger.seats.get(&pair)).map(|seat| seat.id));
                }
                _ => {}
            }
        }
        objects.sort_unstable();
        objects.dedup();
        if objects.is_empty() {
            return Ok(());
        }
        for row in &self.tx.query(sql::LINKED, &[&self.source, &objects]).await? {
            let mut reader = ColumnReader::new(row);
            let (entity, key, object): (RosterEntity, String, Uuid) = (reader.next()?, reader.next()?, reader.next()?);
            // A dry run knows better what has become of an id by now.
            if ledger.link(entity, &key).is_none_or(|known| known == Some(object)) {
                ledger.ids.entry(object).or_default().insert(key);
            }
        }
        Ok(())
    }

    async fn links(&self, keys: &[(RosterEntity, &str)]) -> Result<Vec<(RosterEntity, String, Option<Uuid>)>, Failure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (types, ids): (Vec<&str>, Vec<&str>) = keys.iter().map(|(entity, key)| (entity.as_str(), *key)).unzip();
        let rows = self.tx.query(sql::LINKS, &[&self.source, &types, &ids]).await?;
        let links = rows.iter().map(|row| {
            let mut reader = ColumnReader::new(row);
            Ok((reader.next()?, reader.next()?, reader.next()?))
        });
        links.collect()
    }

    /// Learns whose the addresses of these lines are; answers who has one.
    async fn addresses(&self, ledger: &mut Ledger, lines: &[&Line]) -> Result<Vec<Uuid>, Failure> {
        let addresses: Vec<&str> = lines
            .iter()
            .filter_map(|line| match &line.body {
                Body::Person(person) => person.address.as_deref(),
                _ => None,
            })
            .filter(|address| !ledger.addresses.contains_key(*address))
            .collect();
        let mut owners = Vec::new();
        if addresses.is_empty() {
            return Ok(owners);
        }
        for row in &self.tx.query(sql::ADDRESSES, &[&addresses]).await? {
            let mut reader = ColumnReader::new(row);
            let (address, owner): (String, Uuid) = (reader.next()?, reader.next()?);
            ledger.addresses.insert(address, Some(owner));
            owners.push(owner);
        }
        Ok(owners)
    }

    /// Learns of people. `to_change`: also whether the actor may change them, which costs more than all else.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn users(&self, ledger: &mut Ledger, mut ids: Vec<Uuid>, to_change: bool) -> Result<(), Failure> {
        ids.retain(|id| ledger.users.get(id).is_none_or(|known| to_change && known.is_outranked.is_none()));
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(());
        }
        for row in &self.tx.query(sql::USERS, &[&ids, &to_change]).await? {
            let mut reader = ColumnReader::new(row);
            let (id, name, email): (Uuid, String, Option<String>) = (reader.next()?, reader.next()?, reader.next()?);
            let (is_suspended, is_instructor): (bool, bool) = (reader.next()?, reader.next()?);
            let is_outranked: Option<bool> = reader.next()?;
            let roles: Vec<Uuid> = reader.next()?;
            if let Some(known) = ledger.users.get_mut(&id) {
                known.is_outranked = is_outranked;
                continue;
            }
            let fact = UserFact {
                id,
                name,
                email: email.unwrap_or_default(),
                is_suspended,
                is_instructor,
                is_outranked,
                roles: roles.into_iter().collect(),
            };
            ledger.users.insert(id, fact);
        }
        Ok(())
    }

    /// Learns of courses.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn courses(&self, ledger: &mut Ledger, mut ids: Vec<Uuid>) -> Result<(), Failure> {
        ids.retain(|id| !ledger.courses.contains_key(id));
        if ids.is_empty() {
            return Ok(());
        }
        for row in &self.tx.query(sql::COURSES, &[&ids]).await? {
            let mut reader = ColumnReader::new(row);
            let (id, title, status): (Uuid, String, String) = (reader.next()?, reader.next()?, reader.next()?);
            let (instructor, capacity): (Option<Uuid>, Option<i32>) = (reader.next()?, reader.next()?);
            let used: Option<i64> = reader.next()?;
            let seats = capacity.map(|capacity| (i64::from(capacity) - used.unwrap_or(0)).max(0));
            ledger.courses.insert(id, CourseFact { id, title, status, instructor, seats });
        }
        Ok(())
    }

    async fn seats(&self, ledger: &mut Ledger, lines: &[&Line]) -> Result<(), Failure> {
        let mut pairs: Vec<(Uuid, Uuid)> = lines
            .iter()
            .filter_map(|line| match &line.body {
                Body::Seat { class, user, .. } => ledger.object(RosterEntity::Class, class).zip(ledger.object(RosterEntity::User, user)),
                _ => None,
            })
            .filter(|pair| !ledger.seats.contains_key(pair))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        if pairs.is_empty() {
            return Ok(());
        }
        let (courses, people): (Vec<Uuid>, Vec<Uuid>) = pairs.into_iter().unzip();
        for row in &self.tx.query(sql::ENROLLMENTS, &[&courses, &people]).await? {
            remember(ledger, row)?;
        }
        Ok(())
    }

    /// Learns of enrollments by their ids.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn seats_by_id(&self, ledger: &mut Ledger, ids: &[Uuid]) -> Result<(), Failure> {
        let ids: Vec<Uuid> = ids.iter().copied().filter(|id| !ledger.pairs.contains_key(id)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        for row in &self.tx.query(sql::ENROLLMENTS_BY_ID, &[&ids]).await? {
            remember(ledger, row)?;
        }
        Ok(())
    }
}

fn remember(ledger: &mut Ledger, row: &tokio_postgres::Row) -> Result<(), Failure> {
    let mut reader = ColumnReader::new(row);
    let (id, course, user): (Uuid, Uuid, Uuid) = (reader.next()?, reader.next()?, reader.next()?);
    let status: String = reader.next()?;
    ledger.know_seat((course, user), SeatFact { id, was: Some(status.clone()), status });
    Ok(())
}
