//! Files that are read through the documents that they hold, whoever they themselves are shown to.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, Loaded, Object, Shape},
};

use super::sql;
use crate::domains::files::File;

/// A file that holds a document which the viewer sees.
#[derive(Clone, PartialEq, Eq, Hash)]
struct DocumentFile(Id<File>);

impl Loader<DocumentFile> for Batch {
    type Value = Loaded<File>;
    type Error = Error;

    async fn load(&self, keys: &[DocumentFile]) -> Result<HashMap<DocumentFile, Loaded<File>>> {
        let files: Vec<Id<File>> = keys.iter().map(|key| key.0).collect();
        let info = self.catalog().of(File::object());
        let shape = Shape::alone(info, true);
        let rows = self.tx.query(&sql::document_files(&info.select("f", true)), &[&files]).await?;
        let files = rows.into_iter().map(|row| {
            let file = Loaded::<File>::new(Object::new(Arc::new(row), 0, shape.clone()));
            Ok((DocumentFile(file.id()?), file))
        });
        files.collect()
    }
}

/// The file of a document, as whoever sees the document sees it.
///
/// # Errors
/// When the database can't be asked.
pub async fn document_file(ctx: &Context<'_>, id: Option<Id<File>>) -> Result<Option<Loaded<File>>> {
    match id {
        Some(id) => ctx.load(DocumentFile(id)).await,
        None => Ok(None),
    }
}
