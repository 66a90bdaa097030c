//! Files that are read through what they are attached to, whoever they themselves are shown to.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, Loaded, Object, Shape},
};
use std::sync::Arc;

use super::sql;
use crate::domains::files::File;

/// A file that is attached to something that the viewer may read.
#[derive(Clone, PartialEq, Eq, Hash)]
struct AttachedFile(Id<File>);

impl Loader<AttachedFile> for Batch {
    type Value = Loaded<File>;
    type Error = Error;

    async fn load(&self, keys: &[AttachedFile]) -> Result<HashMap<AttachedFile, Loaded<File>>> {
        let files: Vec<Id<File>> = keys.iter().map(|key| key.0).collect();
        let info = self.catalog().of(File::object());
        let shape = Shape::alone(info, true);
        let rows = self.tx.query(&sql::attached_files(&info.select("f", true)), &[&files]).await?;
        let files = rows.into_iter().map(|row| {
            let file = Loaded::<File>::new(Object::new(Arc::new(row), 0, shape.clone()));
            Ok((AttachedFile(file.id()?), file))
        });
        files.collect()
    }
}

/// A file that something names, as whoever reads that sees it.
///
/// # Errors
/// When the database can't be asked.
pub async fn attached_file(ctx: &Context<'_>, id: Option<Id<File>>) -> Result<Option<Loaded<File>>> {
    match id {
        Some(id) => ctx.load(AttachedFile(id)).await,
        None => Ok(None),
    }
}
