//! Open time: when instructors and resources are open, what of it is free, and what of it can't be had.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_graphql::Context;
use futures_util::try_join;
use lectern_kernel::{
    db::ColumnReader,
    error::Result,
    ids::Id,
    resolve::{Ctx, Loaded},
};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    calendar::{Asking, MAX_ROWS, refuse_too_many},
    span::{Span, difference, union},
    sql,
};
use crate::domains::{identity::User, resources::Resource};

/// Whose time it is.
#[derive(Clone)]
pub struct Whose {
    /// An instructor's.
    pub instructor: Option<Loaded<User>>,
    /// A resource's.
    pub resource: Option<Loaded<Resource>>,
}

/// The open time of one of them.
pub struct Open {
    /// Whose it is.
    pub whose: Whose,
    /// What of it can be had.
    pub free: Vec<Span>,
    /// What of it can't.
    pub busy: Vec<Span>,
}

/// The open time of several, by their names.
pub type Hours = Vec<Open>;

/// What rules and single openings give, and what times off take.
#[derive(Default)]
struct Pieces {
    given: Vec<Span>,
    off: Vec<Span>,
}

impl Pieces {
    fn add(&mut self, is_off: bool, span: Span, range: Span) {
        let spans = if is_off { &mut self.off } else { &mut self.given };
        spans.extend(span.within(range));
    }

    /// What is left of it, beside what is claimed.
    fn beside(self, claimed: Vec<Span>, whose: Whose) -> Open {
        let open = difference(&union(self.given), &union(self.off));
        let free = difference(&open, &union(claimed));
        let busy = difference(&open, &free);
        Open { whose, free, busy }
    }
}

/// The open time of all instructors, or of one, within a range.
pub async fn hours(ctx: &Context<'_>, range: Span, asking: Asking, instructor: Option<Id<User>>) -> Result<Hours> {
    if !asking.0 {
        return Ok(Vec::new());
    }
    let (columns, shape) = ctx.request().catalog().whole::<User>("i");
    let statement = format!("{} LIMIT {}", sql::hours_of_instructors(&columns), MAX_ROWS + 1);
    let instructors = instructor.map(|instructor| vec![instructor.0]);
    let hours_params: [&(dyn ToSql + Sync); 3] = [&range.start, &range.end, &instructors];
    let busy_params: [&(dyn ToSql + Sync); 3] = [&instructor, &range.start, &range.end];
    let (pieces, claims) = try_join!(ctx.tx().query(&statement, &hours_params), ctx.tx().query(sql::BUSY_SPANS, &busy_params))?;
    refuse_too_many(pieces.len())?;

    let mut people: BTreeMap<(String, Uuid), (Loaded<User>, Pieces)> = BTreeMap::new();
    for row in pieces {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let (is_off, span) = (reader.next()?, Span { start: reader.next()?, end: reader.next()? });
        // The instructor's columns stand behind these three; the join is an inner one.
        let Some(person) = Loaded::<User>::joined(&row, 3, &shape) else { continue };
        let (name, id) = (person.get(User::COLUMNS.name)?, person.id()?);
        let (_, pieces) = people.entry((name, id.0)).or_insert_with(|| (person, Pieces::default()));
        pieces.add(is_off, span, range);
    }
    let mut claimed: HashMap<Uuid, Vec<Span>> = HashMap::new();
    for row in &claims {
        let mut reader = ColumnReader::new(row);
        claimed.entry(reader.next()?).or_default().push(Span { start: reader.next()?, end: reader.next()? });
    }
    let open = people.into_iter().map(|((_, id), (person, pieces))| {
        pieces.beside(claimed.remove(&id).unwrap_or_default(), Whose { instructor: Some(person), resource: None })
    });
    Ok(open.collect())
}

/// The open time of a resource within a range.
pub async fn hours_of_resource(ctx: &Context<'_>, range: Span, asking: Asking, resource: Loaded<Resource>) -> Result<Hours> {
    if !asking.0 {
        return Ok(Vec::new());
    }
    let id = resource.id()?;
    let params: [&(dyn ToSql + Sync); 3] = [&range.start, &range.end, &id];
    let (rows, claims) = try_join!(ctx.tx().query(sql::HOURS_OF_RESOURCE, &params), ctx.tx().query(sql::TAKEN_SPANS, &params))?;
    let mut pieces = Pieces::default();
    for row in &rows {
        let mut reader = ColumnReader::new(row);
        pieces.add(reader.next()?, Span { start: reader.next()?, end: reader.next()? }, range);
    }
    let mut claimed = Vec::with_capacity(claims.len());
    for row in &claims {
        let mut reader = ColumnReader::new(row);
        claimed.push(Span { start: reader.next()?, end: reader.next()? });
    }
    Ok(vec![pieces.beside(claimed, Whose { instructor: None, resource: Some(resource) })])
}
