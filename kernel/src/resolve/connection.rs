//! Relay connections: one page of a list, with edges, nodes, page information and a total that is counted only when
//! somebody asks.

use std::{borrow::Cow, marker::PhantomData, sync::Arc};

use async_graphql::{
    Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    connection::PageInfo,
    parser::types::Field,
    registry::Registry,
    resolver_utils::{ContainerType, resolve_container},
};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{
    context::Ctx,
    driver,
    keys::TotalKey,
    meta,
    object::{JsonText, ObjectDef, Source},
    row::{Entity, Object},
};
use crate::{
    db::{self, Cursors, Fetched, Order, SortValue},
    error::{Error, Result},
};

/// What an edge says beside its cursor and node: columns of the statement that reads its list.
pub trait EdgeFields: Send + Sync + 'static {
    /// Its columns and fields; its name is what the names of the connection and its edge begin with. None where it says
    /// nothing more.
    fn edge() -> Option<&'static ObjectDef>;
}

/// An edge that says nothing more.
#[derive(Clone, Copy, Debug)]
pub struct PlainEdge;

impl EdgeFields for PlainEdge {
    fn edge() -> Option<&'static ObjectDef> {
        None
    }
}

type Count = dyn for<'a> Fn(&'a Context<'a>) -> BoxFuture<'a, Result<i64>> + Send + Sync;

/// How the total is counted, if it is asked for.
#[derive(Clone)]
pub struct Total(Arc<Count>);

impl Total {
    /// By the list itself.
    pub fn of_list(list: db::List) -> Self {
        let list = Arc::new(list);
        Total(Arc::new(move |ctx| {
            let list = list.clone();
            Box::pin(async move { Ok(list.count(ctx.tx()).await?) })
        }))
    }

    /// With the totals of all other parents, in one statement.
    pub fn of_nested(key: TotalKey) -> Self {
        Total(Arc::new(move |ctx| {
            let key = key.clone();
            Box::pin(async move { Ok(ctx.load(key).await?.unwrap_or(0)) })
        }))
    }

    /// Known already.
    pub fn known(total: i64) -> Self {
        Total(Arc::new(move |_| Box::pin(std::future::ready(Ok(total)))))
    }
}

/// A page, whatever it holds.
struct PageOf {
    nodes: Vec<Object>,
    positions: Vec<(SortValue, Uuid)>,
    has_next: bool,
    has_previous: bool,
    total: Total,
    cursors: Cursors,
    list: &'static str,
    order: Order,
    /// What its edges say beside their nodes; it stands in the rows after these.
    edge: Option<&'static ObjectDef>,
}

impl PageOf {
    /// Signed when it is asked for: few ask for each.
    fn cursor(&self, at: usize) -> Option<String> {
        let (value, id) = self.positions.get(at)?;
        Some(self.cursors.write(self.list, &self.order, value, *id))
    }

    fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.cursor(0),
            end_cursor: self.nodes.len().checked_sub(1).and_then(|last| self.cursor(last)),
        }
    }

    /// The edges, each with its fields in the order in which they are asked for.
    async fn edges(&self, ctx: &Context<'_>, name: &str) -> ServerResult<Value> {
        let list = ctx.with_selection_set(&ctx.item.node.selection_set);
        let fields = driver::fields_of(&list, name);
        let mut columns = Vec::with_capacity(fields.len());
        for field in &fields {
            columns.push(match field.node.name.node.as_str() {
                "__typename" => vec![Value::String(name.to_owned()); self.nodes.len()],
                "cursor" => (0..self.nodes.len()).map(|at| self.cursor(at).map_or(Value::Null, Value::String)).collect(),
                "node" => driver::resolve_nodes(&list, field, &self.nodes).await?,
                other => self.beside(&list, field, other)?,
            });
        }
        let keys: Vec<&str> = fields.iter().map(|field| field.node.response_key().node.as_str()).collect();
        Ok(driver::transposed(&keys, &columns, self.nodes.len()))
    }

    /// A column beside each node.
    fn beside(&self, list: &ContextSelectionSet<'_>, field: &Positioned<Field>, name: &str) -> ServerResult<Vec<Value>> {
        let source = self.edge.and_then(|edge| edge.fields.iter().find(|field| field.name == name)).map(|field| field.source);
        let Some(Source::Column(index, write)) = source else { return Ok(vec![Value::Null; self.nodes.len()]) };
        let values = self.nodes.iter().map(|node| {
            let mut out = JsonText::new();
            let at = node.place_of(node.shape().full_width() + index);
            write(node.row(), at, &mut out).map_err(|error| driver::located(&list.with_field(field), error.into()))?;
            Ok(Value::Binary(out.into()))
        });
        values.collect()
    }
}

/// A page under the name of its connection.
struct Named<'a> {
    page: &'a PageOf,
    name: String,
    edge: String,
}

impl OutputType for Named<'_> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Connection")
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        Cow::Owned(self.name.clone())
    }

    fn create_type_info(_registry: &mut Registry) -> String {
        unreachable!("Connection<N, E> registers it")
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ContainerType for Named<'_> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let set = ctx.with_selection_set(&ctx.item.node.selection_set);
        let value = match ctx.item.node.name.node.as_str() {
            "nodes" => driver::resolve_objects(&set, &self.page.nodes).await?,
            "edges" => self.page.edges(ctx, &self.edge).await?,
            "pageInfo" => OutputType::resolve(&self.page.page_info(), &set, ctx.item).await?,
            "totalCount" => {
                let total = (self.page.total.0)(ctx).await;
                let total = total.and_then(|total| i32::try_from(total).map_err(|_| Error::internal(format!("a total of {total}"))));
                Value::from(total.map_err(|error| driver::located(ctx, error))?)
            }
            _ => return Ok(None),
        };
        Ok(Some(value))
    }
}

/// One page of rows of a type.
pub struct Connection<N, E = PlainEdge> {
    page: PageOf,
    of: PhantomData<fn() -> (N, E)>,
}

impl<N: Entity, E> Connection<N, E> {
    /// A page of a list.
    pub fn new(ctx: &Context<'_>, fetched: Fetched<Object>, list: &'static str, order: Order, total: Total) -> Self {
        let (positions, nodes) = fetched.rows.into_iter().map(|(value, id, object)| ((value, id), object)).unzip();
        let Fetched { has_next, has_previous, .. } = fetched;
        let page = PageOf { nodes, positions, has_next, has_previous, total, cursors: ctx.cursors(), list, order, edge: None };
        Connection { page, of: PhantomData }
    }

    /// With edges that say more.
    pub(super) fn with_edge(mut self, edge: Option<&'static ObjectDef>) -> Self {
        self.page.edge = edge;
        self
    }
}

impl<N: Entity> Connection<N> {
    /// The same page under the name of another edge, which says nothing beside its row.
    pub fn named<E: EdgeFields>(self) -> Connection<N, E> {
        Connection { page: self.page, of: PhantomData }
    }
}

fn base_name<N: Entity, E: EdgeFields>() -> &'static str {
    E::edge().map_or(N::object().name, |edge| edge.name)
}

impl<N: Entity, E: EdgeFields> OutputType for Connection<N, E> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", base_name::<N, E>()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        meta::register_connection(registry, base_name::<N, E>(), N::object(), E::edge());
        Self::qualified_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        resolve_page(ctx, &self.page, base_name::<N, E>()).await
    }
}

/// Not generic: compiled once for all types.
async fn resolve_page(ctx: &ContextSelectionSet<'_>, page: &PageOf, base: &str) -> ServerResult<Value> {
    let named = Named { page, name: format!("{base}Connection"), edge: format!("{base}Edge") };
    resolve_container(ctx, &named).await
}
