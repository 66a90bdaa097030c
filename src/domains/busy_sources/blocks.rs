//! What sources block, many in one statement for each range that is asked for.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};

use super::{BusySource, sql};
use crate::domains::bookings::{Span, union};

/// What a source blocks of a range.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BlocksOf {
    /// The source.
    pub source: Id<BusySource>,
    /// The range.
    pub range: Span,
}

impl Loader<BlocksOf> for Batch {
    type Value = Vec<Span>;
    type Error = Error;

    async fn load(&self, keys: &[BlocksOf]) -> Result<HashMap<BlocksOf, Vec<Span>>> {
        let mut asked: HashMap<Span, Vec<Id<BusySource>>> = HashMap::new();
        for BlocksOf { source, range } in keys {
            asked.entry(*range).or_default().push(*source);
        }
        let mut found: HashMap<BlocksOf, Vec<Span>> = HashMap::new();
        for (range, sources) in asked {
            for row in &self.tx.query(sql::BLOCKS, &[&sources, &range.start, &range.end]).await? {
                let mut reader = ColumnReader::new(row);
                let (source, span) = (reader.next()?, Span { start: reader.next()?, end: reader.next()? });
                found.entry(BlocksOf { source, range }).or_default().extend(span.within(range));
            }
        }
        // One that is long stands in several rows.
        Ok(found.into_iter().map(|(key, spans)| (key, union(spans))).collect())
    }
}
