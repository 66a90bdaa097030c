//! Who teaches a course, and which courses ask for a key: read for many courses at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::{ColumnReader, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Nested},
};

use super::{Course, sql};

/// The owner before all others.
const OWNER_FIRST: Order =
    Order { key: SortKey::name("NAME", "CASE WHEN ci.is_owner THEN '' ELSE u.name END"), id: "u.id", descending: false };

/// Who teaches a course.
pub static INSTRUCTORS: Nested = Nested::new("course.instructors", OWNER_FIRST, "ci.course_id")
    .by("JOIN (SELECT i.tenant_id, i.course_id, i.user_id, false AS is_owner FROM course_instructor i WHERE i.tenant_id = $1 \
     UNION ALL SELECT o.tenant_id, o.id, o.instructor_id, true FROM course o WHERE o.tenant_id = $1) ci ON ci.tenant_id = u.tenant_id AND ci.user_id = u.id");

/// There where a course asks for an enrollment key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HasKey(pub Id<Course>);

impl Loader<HasKey> for Batch {
    type Value = ();
    type Error = Error;

    async fn load(&self, keys: &[HasKey]) -> Result<HashMap<HasKey, ()>> {
        let courses: Vec<Id<Course>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::WITH_KEY, &[&courses]).await?;
        rows.iter().map(|row| Ok((HasKey(ColumnReader::new(row).next()?), ()))).collect()
    }
}
