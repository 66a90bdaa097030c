//! Under which names something was written, many in one statement for each sort of it.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx},
};
use uuid::Uuid;

use super::sql;

/// The name of whoever has written something: what it is, as `app.author_names` calls it, and its id.
#[derive(Clone, PartialEq, Eq, Hash)]
struct AuthorOf(&'static str, Uuid);

impl Loader<AuthorOf> for Batch {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[AuthorOf]) -> Result<HashMap<AuthorOf, String>> {
        let mut written: HashMap<&'static str, Vec<Uuid>> = HashMap::new();
        for AuthorOf(what, id) in keys {
            written.entry(what).or_default().push(*id);
        }
        let mut names = HashMap::with_capacity(keys.len());
        for (what, ids) in written {
            for row in &self.tx.query(sql::AUTHORS, &[&what, &ids]).await? {
                let mut reader = ColumnReader::new(row);
                names.insert(AuthorOf(what, reader.next()?), reader.next()?);
            }
        }
        Ok(names)
    }
}

/// The name of whoever has written something that the viewer sees.
///
/// # Errors
/// When the database can't be asked.
pub async fn author_name<T>(ctx: &async_graphql::Context<'_>, what: &'static str, id: Id<T>) -> Result<String> {
    let name = ctx.load(AuthorOf(what, id.0)).await?;
    name.ok_or_else(|| Error::internal(format!("a {what} without an author")))
}
