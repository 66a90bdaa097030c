//! What is loaded by key, many keys in one statement: rows by their ids, counts, pages under a parent. One loader each, for
//! all types. Keys are hashed by their id alone: hardly any two of a document differ in the rest only.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use async_graphql::{Pos, dataloader::Loader};
use uuid::Uuid;

use super::{
    loader::Batch,
    object::{CountDef, ObjectDef},
    row::{Object, Shape},
    selection::{Projection, Selecting},
};
use crate::{
    db::{Fetched, List, Page},
    error::{Error, Result},
};

/// A row by its id. One that the policies hide is absent.
#[derive(Clone)]
pub struct ObjectKey {
    /// The type.
    pub object: fn() -> &'static ObjectDef,
    /// The id.
    pub id: Uuid,
    /// What of it is read. Counts are loaded apart.
    pub projection: Projection,
}

impl ObjectKey {
    fn parts(&self) -> (&'static str, Uuid, Projection) {
        ((self.object)().name, self.id, self.projection)
    }
}

impl PartialEq for ObjectKey {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for ObjectKey {}

impl Hash for ObjectKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl Loader<ObjectKey> for Batch {
    type Value = Object;
    type Error = Error;

    async fn load(&self, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, Object>> {
        let mut groups: HashMap<(&'static str, Projection), Vec<&ObjectKey>> = HashMap::new();
        for key in keys {
            groups.entry(((key.object)().name, key.projection)).or_default().push(key);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for ((_, projection), keys) in groups {
            let def = (keys[0].object)();
            let table = def.table.as_ref().ok_or_else(|| Error::internal(format!("{} has no table", def.name)))?;
            let alias = table.alias;
            let selecting = Selecting::new(self.catalog(), self.catalog().of(def), alias, projection);
            let live = table.live.map(|live| format!(" AND {}", live.replace("{}", alias))).unwrap_or_default();
            let sql = format!(
                "SELECT {} FROM {} {alias}{} WHERE {alias}.tenant_id = $1 AND {alias}.{} = ANY ($2){live}",
                selecting.columns, table.name, selecting.joins, table.key
            );
            let ids: Vec<Uuid> = keys.iter().map(|key| key.id).collect();
            let mut rows: HashMap<Uuid, Object> = HashMap::with_capacity(ids.len());
            for row in self.tx.query(&sql, &[&ids]).await? {
                let object = Object::new(Arc::new(row), 0, selecting.shape.clone());
                rows.insert(object.at(0)?, object);
            }
            for key in keys {
                if let Some(object) = rows.get(&key.id) {
                    found.insert(key.clone(), object.clone());
                }
            }
        }
        Ok(found)
    }
}

/// How many there are of something for an id, whether or not the viewer may see them.
#[derive(Clone)]
pub struct CountKey {
    /// What counts them.
    pub count: &'static CountDef,
    /// The id.
    pub id: Uuid,
}

impl PartialEq for CountKey {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.id == other.id
    }
}

impl Eq for CountKey {}

impl Hash for CountKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl Loader<CountKey> for Batch {
    type Value = i64;
    type Error = Error;

    async fn load(&self, keys: &[CountKey]) -> Result<HashMap<CountKey, i64>> {
        let mut groups: HashMap<(&str, &str), Vec<&CountKey>> = HashMap::new();
        for key in keys {
            groups.entry((key.count.function, key.count.key)).or_default().push(key);
        }
        let mut counts = HashMap::with_capacity(keys.len());
        for keys in groups.into_values() {
            let CountDef { function, key } = keys[0].count;
            let ids: Vec<Uuid> = keys.iter().map(|key| key.id).collect();
            let sql = format!("SELECT {key}, count FROM {function}($2) WHERE app.tenant_id() = $1");
            for row in self.tx.query(&sql, &[&ids]).await? {
                let id: Uuid = row.try_get(0).map_err(crate::db::DbError::from)?;
                let count: i64 = row.try_get(1).map_err(crate::db::DbError::from)?;
                counts.insert(CountKey { count: keys[0].count, id }, count);
            }
        }
        Ok(counts)
    }
}

/// Makes the list that the pages of many parents are cut from, and says how its rows are read.
pub(super) type MakeList = Arc<dyn Fn() -> (List, Arc<Shape>) + Send + Sync>;

/// A page of a list under a parent: `course.enrollments(first: 10)`.
#[derive(Clone)]
pub struct PageKey {
    /// Where the document asks for it: there, all parents share the list, its filter and what is read of it.
    pub(super) asked_at: (&'static str, Pos),
    pub(super) parent: Uuid,
    pub(super) page: Page,
    /// The SQL expression that must equal the parent's id.
    pub(super) parent_expression: &'static str,
    pub(super) list: MakeList,
}

impl PartialEq for PageKey {
    fn eq(&self, other: &Self) -> bool {
        self.asked_at == other.asked_at && self.parent == other.parent && self.page == other.page
    }
}

impl Eq for PageKey {}

impl Hash for PageKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parent.hash(state);
    }
}

impl Loader<PageKey> for Batch {
    type Value = Fetched<Object>;
    type Error = Error;

    async fn load(&self, keys: &[PageKey]) -> Result<HashMap<PageKey, Self::Value>> {
        let mut groups: HashMap<_, Vec<&PageKey>> = HashMap::new();
        for key in keys {
            groups.entry((key.asked_at.0, key.asked_at.1.line, key.asked_at.1.column, &key.page)).or_default().push(key);
        }
        let mut pages = HashMap::with_capacity(keys.len());
        for keys in groups.into_values() {
            let parents: Vec<Uuid> = keys.iter().map(|key| key.parent).collect();
            let (list, shape) = (keys[0].list)();
            let mut fetched = list.fetch_per_parent(&self.tx, keys[0].parent_expression, &parents, &keys[0].page).await?;
            for key in keys {
                let rows = fetched.remove(&key.parent).unwrap_or_default();
                pages.insert(key.clone(), rows.map(|row| Object::new(row, List::FIRST_UNDER_PARENT, shape.clone())));
            }
        }
        Ok(pages)
    }
}

/// How many rows a list under a parent has on all pages.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TotalKey(pub(super) PageKey);

impl Loader<TotalKey> for Batch {
    type Value = i64;
    type Error = Error;

    async fn load(&self, keys: &[TotalKey]) -> Result<HashMap<TotalKey, i64>> {
        let mut groups: HashMap<_, Vec<&TotalKey>> = HashMap::new();
        for key in keys {
            let (list, at) = key.0.asked_at;
            groups.entry((list, at.line, at.column)).or_default().push(key);
        }
        let mut totals = HashMap::with_capacity(keys.len());
        for keys in groups.into_values() {
            let parents: Vec<Uuid> = keys.iter().map(|key| key.0.parent).collect();
            let counts = (keys[0].0.list)().0.count_per_parent(&self.tx, keys[0].0.parent_expression, &parents).await?;
            for key in keys {
                totals.insert(key.clone(), counts.get(&key.0.parent).copied().unwrap_or(0));
            }
        }
        Ok(totals)
    }
}

/// All rows of a list under a parent, where there are few: the sections of a course.
#[derive(Clone)]
pub struct AllKey {
    pub(super) asked_at: (&'static str, Pos),
    pub(super) parent: Uuid,
    pub(super) parent_expression: &'static str,
    pub(super) list: MakeList,
}

impl PartialEq for AllKey {
    fn eq(&self, other: &Self) -> bool {
        self.asked_at == other.asked_at && self.parent == other.parent
    }
}

impl Eq for AllKey {}

impl Hash for AllKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parent.hash(state);
    }
}

impl Loader<AllKey> for Batch {
    type Value = Vec<Object>;
    type Error = Error;

    async fn load(&self, keys: &[AllKey]) -> Result<HashMap<AllKey, Self::Value>> {
        let mut groups: HashMap<_, Vec<&AllKey>> = HashMap::new();
        for key in keys {
            groups.entry((key.asked_at.0, key.asked_at.1.line, key.asked_at.1.column)).or_default().push(key);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for keys in groups.into_values() {
            let parents: Vec<Uuid> = keys.iter().map(|key| key.parent).collect();
            let (list, shape) = (keys[0].list)();
            let mut rows = list.fetch_all_per_parent(&self.tx, keys[0].parent_expression, &parents).await?;
            for key in keys {
                let rows = rows.remove(&key.parent).unwrap_or_default();
                found.insert(key.clone(), rows.into_iter().map(|row| Object::new(row, 1, shape.clone())).collect());
            }
        }
        Ok(found)
    }
}
