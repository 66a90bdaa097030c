//! Relay connections: one page of a list, with edges, nodes, page information and a total that is counted only when
//! somebody asks.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{Context, Object, ObjectType, OutputType, SimpleObject, TypeName, connection::PageInfo};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{
    context::Ctx,
    eager::{Eager, EagerFields},
    loader::{Nested, TotalOf},
};
use crate::{
    db::{self, Cursors, Fetched, Order, SortValue},
    error::{Error, Result},
};

/// What an edge says beside its cursor and node.
pub trait EdgeFields: ObjectType {
    /// What the names of the connection and its edge begin with, where it isn't the node's type.
    const NAME: Option<&'static str>;
}

/// Nothing.
#[derive(SimpleObject, Clone, Copy, Default)]
#[graphql(fake)]
pub struct NoEdgeFields;

impl EdgeFields for NoEdgeFields {
    const NAME: Option<&'static str> = None;
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
    pub fn of_nested<K: Nested>(key: K) -> Self {
        Total(Arc::new(move |ctx| {
            let key = TotalOf(key.clone());
            Box::pin(async move { Ok(ctx.load(key).await?.unwrap_or(0)) })
        }))
    }

    /// Known already.
    pub fn known(total: i64) -> Self {
        Total(Arc::new(move |_| Box::pin(std::future::ready(Ok(total)))))
    }
}

/// What cursors are bound to.
struct List {
    cursors: Cursors,
    name: &'static str,
    order: Order,
}

/// One item of a page.
pub struct Edge<N, E = NoEdgeFields> {
    list: Arc<List>,
    /// Its sort key, and its id.
    position: (SortValue, Uuid),
    node: N,
    fields: E,
}

impl<N, E> Edge<N, E> {
    /// Signed when it is asked for: few ask for each.
    fn cursor(&self) -> String {
        let (value, id) = &self.position;
        self.list.cursors.write(self.list.name, &self.list.order, value, *id)
    }
}

/// One page.
pub struct Connection<N, E = NoEdgeFields> {
    edges: Vec<Edge<N, E>>,
    has_next: bool,
    has_previous: bool,
    total: Total,
}

impl<N> Connection<N> {
    /// A page of a list.
    pub fn new(fetched: Fetched<N>, cursors: Cursors, list: &'static str, order: &Order, total: Total) -> Self {
        Connection::with_edges(fetched, cursors, list, order, total, |node| (node, NoEdgeFields))
    }
}

impl<N, E> Connection<N, E> {
    /// A page whose edges say more than their node.
    pub fn with_edges<T>(
        fetched: Fetched<T>,
        cursors: Cursors,
        list: &'static str,
        order: &Order,
        total: Total,
        split: impl Fn(T) -> (N, E),
    ) -> Self {
        let list = Arc::new(List { cursors, name: list, order: *order });
        let edges = fetched.rows.into_iter().map(|(value, id, row)| {
            let (node, fields) = split(row);
            Edge { list: list.clone(), position: (value, id), node, fields }
        });
        Connection { edges: edges.collect(), has_next: fetched.has_next, has_previous: fetched.has_previous, total }
    }
}

fn base_name<N: OutputType, E: EdgeFields>() -> Cow<'static, str> {
    E::NAME.map_or_else(N::type_name, Cow::Borrowed)
}

impl<N: EagerFields, E: EdgeFields> TypeName for Edge<N, E> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", base_name::<N, E>()).into()
    }
}

impl<N: EagerFields, E: EdgeFields> TypeName for Connection<N, E> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", base_name::<N, E>()).into()
    }
}

/// One item of a page, and where it stands in the list.
#[Object(name_type)]
impl<N: EagerFields, E: EdgeFields> Edge<N, E> {
    /// Its position in this list and order: pass it as `after` or `before`.
    #[graphql(name = "cursor")]
    async fn own_cursor(&self) -> String {
        self.cursor()
    }

    /// The item.
    async fn node(&self) -> Eager<&N> {
        Eager(&self.node)
    }

    #[graphql(flatten)]
    async fn fields(&self) -> &E {
        &self.fields
    }
}

/// One page of a list: ask for `nodes`, or for `edges` where you need cursors, and for `pageInfo` to go on.
#[Object(name_type)]
impl<N: EagerFields, E: EdgeFields> Connection<N, E> {
    /// The page's items with their cursors.
    async fn edges(&self) -> &[Edge<N, E>] {
        &self.edges
    }

    /// The page's items.
    async fn nodes(&self) -> Vec<Eager<&N>> {
        self.edges.iter().map(|edge| Eager(&edge.node)).collect()
    }

    /// Where the page stands in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.edges.first().map(Edge::cursor),
            end_cursor: self.edges.last().map(Edge::cursor),
        }
    }

    /// How many items you can see on all pages together. Counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let total = (self.total.0)(ctx).await?;
        i32::try_from(total).map_err(|_| Error::internal(format!("a total of {total}")))
    }
}
