//! What a statement reads, out of what a document asks for: narrow columns or whole rows, which to-one children are
//! joined, which numbers are counted along.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use async_graphql::{
    Context, Name, Positioned,
    parser::types::{Field, FragmentDefinition, Selection, SelectionSet},
};

use super::{
    catalog::{Catalog, ObjectInfo},
    object::TableDef,
    row::Shape,
};

/// What is asked of the rows of a type. There are few of each type, so that few statements are prepared: one bit says
/// whether anybody asks for a wide column, of the rows themselves or of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Projection {
    /// Whether the wide columns are read.
    pub is_whole: bool,
    /// The children that are joined, one bit each in the order of [`ObjectInfo::ones`].
    pub ones: u64,
    /// The numbers that are counted along, one bit each in the order of [`ObjectInfo::counts`].
    pub counts: u64,
}

/// A selection set, and the fragments that it spreads.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    set: &'a SelectionSet,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
}

impl<'a> Asked<'a> {
    /// What is asked of the field that is being resolved.
    pub fn of(ctx: &Context<'a>) -> Self {
        Asked { set: &ctx.item.node.selection_set.node, fragments: &ctx.query_env.fragments }
    }

    /// The same fragments with another set.
    pub fn within(self, field: &'a Field) -> Self {
        Asked { set: &field.selection_set.node, ..self }
    }

    /// Calls for each field, through fragments, whatever type these are on.
    pub fn each(self, found: &mut dyn FnMut(&'a Field, Asked<'a>)) {
        for item in &self.set.items {
            match &item.node {
                Selection::Field(field) => found(&field.node, self.within(&field.node)),
                Selection::InlineFragment(inline) => Asked { set: &inline.node.selection_set.node, ..self }.each(found),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        Asked { set: &fragment.node.selection_set.node, ..self }.each(found);
                    }
                }
            }
        }
    }

    /// What is asked of the nodes of a connection.
    pub fn each_in_nodes(self, found: &mut dyn FnMut(&'a Field, Asked<'a>)) {
        self.each(&mut |field, asked| match field.name.node.as_str() {
            "nodes" => asked.each(found),
            "edges" => asked.each(&mut |field, asked| {
                if field.name.node == "node" {
                    asked.each(found);
                }
            }),
            _ => {}
        });
    }

    /// Whether a field is asked for.
    pub fn names(self, name: &str) -> bool {
        let mut is_named = false;
        self.each(&mut |field, _| is_named |= field.name.node == name);
        is_named
    }
}

impl Projection {
    /// Everything of the rows, and nothing beside them.
    pub const WHOLE: Projection = Projection { is_whole: true, ones: 0, counts: 0 };

    /// What is asked of one object.
    pub fn of_object(asked: Asked<'_>, catalog: &Catalog, info: &ObjectInfo) -> Self {
        let mut projection = Projection::default();
        asked.each(&mut |field, asked| projection.add(field, asked, catalog, info));
        projection
    }

    /// What is asked of the nodes of a connection.
    pub fn of_nodes(asked: Asked<'_>, catalog: &Catalog, info: &ObjectInfo) -> Self {
        let mut projection = Projection::default();
        asked.each_in_nodes(&mut |field, asked| projection.add(field, asked, catalog, info));
        projection
    }

    fn add(&mut self, field: &Field, asked: Asked<'_>, catalog: &Catalog, info: &ObjectInfo) {
        let name = field.name.node.as_str();
        if name == "__typename" {
            return;
        }
        // A field of another type, in a fragment: the whole row is read, to be safe.
        self.is_whole |= info.field(name).is_none_or(|entry| info.is_wide(entry));
        if let Some(at) = info.ones.iter().position(|one| one.field == name) {
            self.ones |= 1 << at;
            let child = catalog.of((info.ones[at].target)());
            asked.each(&mut |field, _| {
                let name = field.name.node.as_str();
                self.is_whole |= name != "__typename" && child.field(name).is_none_or(|entry| child.is_wide(entry));
            });
        }
        if let Some(at) = info.counts.iter().position(|(count, _)| *count == name) {
            self.counts |= 1 << at;
        }
    }
}

/// The parts of a statement that read what a projection says.
pub struct Selecting {
    /// The select list: the rows' own columns, then those of the children.
    pub columns: String,
    /// Outer joins of the children, with a blank before each.
    pub joins: String,
    /// Functions that count, and what is read of each: after everything else.
    pub counts: Vec<Counting>,
    /// How the rows are to be read.
    pub shape: Arc<Shape>,
}

/// A function that counts for many ids.
pub struct Counting {
    /// Its alias.
    pub alias: String,
    /// The function.
    pub function: &'static str,
    /// The column of its answer that holds the id.
    pub key: &'static str,
}

impl Selecting {
    /// The parts of a statement over the table with this alias.
    pub fn new(catalog: &Catalog, info: &Arc<ObjectInfo>, alias: &str, projection: Projection) -> Self {
        let Projection { is_whole, ones, counts } = projection;
        let (mut columns, mut joins) = (info.select(alias, is_whole), String::new());
        let (mut children, mut offset) = (Vec::new(), info.width(is_whole));
        for (at, one) in info.ones.iter().enumerate().filter(|(at, _)| ones & (1 << at) != 0) {
            let child = catalog.of((one.target)());
            let TableDef { name, key, live, is_dear, .. } = child.def.table.as_ref().expect("a to-one child has a table");
            let theirs = format!("{alias}_{at}");
            let column = info.columns[one.column].expression;
            // PostgreSQL supposes that a page needs no more than its share of a join, and reads a table whose rows are dear as a whole for that.
            let inner = if *is_dear { format!("{theirs}_row") } else { theirs.clone() };
            let mut matches = format!("{inner}.tenant_id = $1 AND {inner}.{key} = {alias}.{column}");
            if let Some(live) = live {
                let _ = write!(matches, " AND {}", live.replace("{}", &inner));
            }
            let read = child.select(&inner, is_whole);
            if *is_dear {
                let names: Vec<String> = (0..child.width(is_whole)).map(|nth| format!("c{nth}")).collect();
                let _ = write!(joins, " LEFT JOIN LATERAL (SELECT {read} FROM {name} {inner} WHERE {matches} OFFSET 0)");
                let _ = write!(joins, " AS {theirs}({}) ON true", names.join(", "));
                columns.extend(names.iter().map(|name| format!(", {theirs}.{name}")));
            } else {
                let _ = write!(joins, " LEFT JOIN {name} {theirs} ON {matches}");
                let _ = write!(columns, ", {read}");
            }
            children.push((one.column, offset, Shape::alone(child, is_whole)));
            offset += child.width(is_whole);
        }
        let mut counting = Vec::new();
        let mut counted = Vec::new();
        for (at, (_, count)) in info.counts.iter().enumerate().filter(|(at, _)| counts & (1 << at) != 0) {
            counting.push(Counting { alias: format!("count_{at}"), function: count.function, key: count.key });
            counted.push((*count, offset));
            offset += 1;
        }
        let shape = Arc::new(Shape { info: info.clone(), is_whole, children, counts: counted });
        Selecting { columns, joins, counts: counting, shape }
    }
}
