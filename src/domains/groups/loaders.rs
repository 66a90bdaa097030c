//! Groups and their counts by key, many keys in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, ById},
};

use super::{Group, sql};

impl ById for Group {
    fn by_ids() -> String {
        sql::by_ids()
    }

    fn id(&self) -> Id<Group> {
        self.id
    }
}

/// How many members a group has.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MemberCountOf(pub Id<Group>);

impl Loader<MemberCountOf> for Batch {
    type Value = i32;
    type Error = Error;

    async fn load(&self, keys: &[MemberCountOf]) -> Result<HashMap<MemberCountOf, i32>> {
        let groups: Vec<Id<Group>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::MEMBER_COUNTS, &[&groups]).await?;
        let counts = rows.iter().map(|row| {
            let mut reader = ColumnReader::new(row);
            Ok((MemberCountOf(reader.next()?), i32::try_from(reader.next::<i64>()?).unwrap_or(i32::MAX)))
        });
        counts.collect()
    }
}
