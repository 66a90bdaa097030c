//! When people have signed in last, many in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, DateTime},
};

use super::{User, sql};

/// When somebody has signed in last.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LastSignInOf(pub Id<User>);

impl Loader<LastSignInOf> for Batch {
    type Value = DateTime;
    type Error = Error;

    async fn load(&self, keys: &[LastSignInOf]) -> Result<HashMap<LastSignInOf, DateTime>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::new();
        for row in &self.tx.query(sql::LAST_SIGN_INS, &[&people]).await? {
            let mut reader = ColumnReader::new(row);
            found.insert(LastSignInOf(reader.next()?), reader.next()?);
        }
        Ok(found)
    }
}
