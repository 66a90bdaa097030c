//! Files that an answer to a program's form names: whoever reads the answer reads the file.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, Loaded, Shape},
};

use super::{File, sql};

#[derive(Clone, PartialEq, Eq, Hash)]
struct AnsweredFile(Id<File>);

impl Loader<AnsweredFile> for Batch {
    type Value = Loaded<File>;
    type Error = Error;

    async fn load(&self, keys: &[AnsweredFile]) -> Result<HashMap<AnsweredFile, Loaded<File>>> {
        let files: Vec<Id<File>> = keys.iter().map(|key| key.0).collect();
        let info = self.catalog().of(File::object());
        let (sql, shape) = (sql::ANSWERED.replace("{f}", &info.select("f", true)), Shape::alone(info, true));
        let mut found = HashMap::new();
        for row in self.tx.query(&sql, &[&files]).await? {
            if let Some(file) = Loaded::joined(&Arc::new(row), 0, &shape) {
                found.insert(AnsweredFile(file.id()?), file);
            }
        }
        Ok(found)
    }
}

/// The file of an id, where an answer that the viewer reads names it; whoever else sees it or not.
///
/// # Errors
/// When the database can't be asked.
pub async fn answered(ctx: &Context<'_>, id: Id<File>) -> Result<Option<Loaded<File>>> {
    ctx.load(AnsweredFile(id)).await
}
