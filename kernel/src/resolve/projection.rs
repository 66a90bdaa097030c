//! What most pages of rows ask for, so that the rest of each row need not be read, sent and taken apart for them.

use async_graphql::{Context, SelectionField};

/// The fields of a type that take no more than the summary of its record ([`crate::db::Record::SUMMARY`]).
pub struct SummaryColumns {
    /// Those without a record of their own beneath them, and those that are loaded by the object's id.
    pub fields: &'static [&'static str],
    /// Those that are read along, with the fields of theirs that take no more than their summary.
    pub children: &'static [(&'static str, &'static SummaryColumns)],
}

impl SummaryColumns {
    /// Whether the nodes of the connection that is being resolved are asked for no more.
    pub fn covers_nodes(&self, ctx: &Context<'_>) -> bool {
        ctx.field().selection_set().all(|field| match field.name() {
            "nodes" => self.covers(field),
            "edges" => field.selection_set().all(|field| field.name() != "node" || self.covers(field)),
            _ => true,
        })
    }

    fn covers(&self, object: SelectionField<'_>) -> bool {
        object.selection_set().all(|field| {
            let name = field.name();
            let child = self.children.iter().find(|(child, _)| *child == name);
            name == "__typename" || self.fields.contains(&name) || child.is_some_and(|(_, summary)| summary.covers(field))
        })
    }
}
