//! Lists in three lines: pages of a type, pages under a parent, one row by its id.

use std::sync::Arc;

use async_graphql::{Context, InputType, Value};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    connection::{Connection, EdgeFields, Total},
    context::Ctx,
    keys::{AllKey, MakeList, ObjectKey, PageKey, TotalKey},
    object::{ObjectDef, TableDef},
    row::{Entity, Loaded, Object},
    selection::{Asked, Counting, Projection, Selecting},
    write::Raw,
};
use crate::{
    db::{DbError, List, Order, PageArgs, PageJoin},
    error::{Error, Result},
    ids::Id,
};

fn table_of<T: Entity>() -> &'static TableDef {
    T::object().table.as_ref().expect("an entity has a table")
}

/// All rows of a type that the viewer sees. `name` is part of what a cursor is bound to.
pub fn list_of<T: Entity>(name: &'static str, order: Order) -> List {
    let TableDef { alias, live, .. } = table_of::<T>();
    let mut list = history_of::<T>(name, order);
    if let Some(live) = live {
        list.filter(live.replace("{}", alias));
    }
    list
}

/// The same, with those that are there no more.
fn history_of<T: Entity>(name: &'static str, order: Order) -> List {
    let TableDef { name: table, alias, .. } = table_of::<T>();
    List::new(name, format!("{table} {alias}"), alias, order)
}

/// Joins what is read of the rows to a list, and answers how to read them.
fn select<T: Entity>(ctx: &Context<'_>, list: &mut List, projection: Projection) -> Arc<super::row::Shape> {
    let catalog = ctx.request().catalog();
    let selecting = Selecting::new(catalog, catalog.of(T::object()), table_of::<T>().alias, projection);
    list.select(selecting.columns);
    list.outer_join(&selecting.joins);
    for Counting { alias, function, key } in selecting.counts {
        list.page_join(PageJoin {
            join: format!("LEFT JOIN {function}(ARRAY(SELECT p.id_ FROM page_ p)) AS {alias} ON {alias}.{key} = page_.id_"),
            expressions: format!("{alias}.count"),
        });
    }
    selecting.shape
}

/// What the document asks of the nodes of the connection that is being resolved.
fn asked_of_nodes<T: Entity>(ctx: &Context<'_>) -> Projection {
    let catalog = ctx.request().catalog();
    Projection::of_nodes(Asked::of(ctx), catalog, catalog.of(T::object()))
}

/// Narrows a list by what other domains have added to its filter `F`, the argument `filter` of the field that is being
/// resolved.
///
/// # Errors
/// `BAD_USER_INPUT` for a wrong filter.
pub fn filtered<F: InputType>(ctx: &Context<'_>, mut list: List) -> Result<List> {
    for extension in ctx.request().registry().filter_extensions(&F::type_name()) {
        // A filter that is null is none.
        if let Ok((_, Raw(Some(value)))) = ctx.param_value::<Raw>("filter", None)
            && value != Value::Null
        {
            (extension.narrow)(value, &mut list)?;
        }
    }
    Ok(list)
}

/// A page of a list.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn page<T: Entity>(ctx: &Context<'_>, mut list: List, args: PageArgs) -> Result<Connection<T>> {
    let page = args.check(&ctx.cursors(), list.name, list.order())?;
    let mut projection = asked_of_nodes::<T>(ctx);
    if list.is_materialized() {
        projection.ones = 0; // children only for those on the page
    }
    let shape = select::<T>(ctx, &mut list, projection);
    let fetched = list.fetch(ctx.tx(), &page).await?;
    Ok(Connection::new(
        ctx,
        fetched.map(|row| Object::new(row, List::FIRST, shape.clone())),
        list.name,
        *list.order(),
        Total::of_list(list),
    ))
}

/// A list under a parent.
pub struct Nested {
    /// Its name, part of what a cursor is bound to: `course.enrollments`.
    pub name: &'static str,
    /// Its order.
    pub order: Order,
    /// The SQL expression that must equal the parent's id.
    pub parent: &'static str,
    /// An inner join that the parent is reached by, over the list's alias.
    pub join: Option<&'static str>,
    /// Whether it holds what is there no more: history keeps what it points to.
    pub is_history: bool,
}

impl Nested {
    /// A list whose rows name their parent in a column.
    pub const fn new(name: &'static str, order: Order, parent: &'static str) -> Self {
        Nested { name, order, parent, join: None, is_history: false }
    }

    /// The same, by way of another table.
    #[must_use]
    pub const fn by(self, join: &'static str) -> Self {
        Nested { join: Some(join), ..self }
    }

    /// The same, with what is there no more.
    #[must_use]
    pub const fn with_history(self) -> Self {
        Nested { is_history: true, ..self }
    }
}

/// A page of the rows under a parent. The pages of all parents cost one statement.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn many<T: Entity>(ctx: &Context<'_>, nested: &'static Nested, parent: Uuid, args: PageArgs) -> Result<Connection<T>> {
    many_where(ctx, nested, parent, args, |_| {}).await
}

/// The same, filtered; the filter is that of the field that is being resolved, and so the same for all parents.
///
/// # Errors
/// As [`many`].
pub async fn many_where<T: Entity>(
    ctx: &Context<'_>,
    nested: &'static Nested,
    parent: Uuid,
    args: PageArgs,
    filter: impl Fn(&mut List) + Send + Sync + 'static,
) -> Result<Connection<T>> {
    under(ctx, nested, parent, args, filter).await
}

/// The same, with edges that say more than their node.
///
/// # Errors
/// As [`many`].
pub async fn many_with_edges<T: Entity, E: EdgeFields>(
    ctx: &Context<'_>,
    nested: &'static Nested,
    parent: Uuid,
    args: PageArgs,
) -> Result<Connection<T, E>> {
    under(ctx, nested, parent, args, |_| {}).await
}

/// The same, filtered.
///
/// # Errors
/// As [`many`].
pub async fn many_with_edges_where<T: Entity, E: EdgeFields>(
    ctx: &Context<'_>,
    nested: &'static Nested,
    parent: Uuid,
    args: PageArgs,
    filter: impl Fn(&mut List) + Send + Sync + 'static,
) -> Result<Connection<T, E>> {
    under(ctx, nested, parent, args, filter).await
}

async fn under<T: Entity, E: EdgeFields>(
    ctx: &Context<'_>,
    nested: &'static Nested,
    parent: Uuid,
    args: PageArgs,
    filter: impl Fn(&mut List) + Send + Sync + 'static,
) -> Result<Connection<T, E>> {
    let page = args.check(&ctx.cursors(), nested.name, &nested.order)?;
    let projection = Projection { counts: 0, ..asked_of_nodes::<T>(ctx) };
    let list = list_under::<T>(ctx, nested, projection, E::edge(), filter);
    let key = PageKey { asked_at: (nested.name, ctx.item.pos), parent, page, parent_expression: nested.parent, list };
    let fetched = ctx.load(key.clone()).await?.unwrap_or_default();
    let total = Total::of_nested(TotalKey(key));
    Ok(Connection::new(ctx, fetched, nested.name, nested.order, total).with_edge(E::edge()))
}

/// Makes a list under a parent; not before its statement is needed, which is once for all parents.
fn list_under<T: Entity>(
    ctx: &Context<'_>,
    nested: &'static Nested,
    projection: Projection,
    edge: Option<&'static ObjectDef>,
    filter: impl Fn(&mut List) + Send + Sync + 'static,
) -> MakeList {
    let catalog = ctx.request().catalog();
    Arc::new(move || {
        let Selecting { columns, joins, shape, .. } = Selecting::new(catalog, catalog.of(T::object()), table_of::<T>().alias, projection);
        let mut list = if nested.is_history { history_of::<T>(nested.name, nested.order) } else { list_of::<T>(nested.name, nested.order) };
        if let Some(join) = nested.join {
            list.inner_join(join);
        }
        filter(&mut list);
        list.select(columns);
        list.outer_join(&joins);
        if let Some(edge) = edge {
            list.select(edge.columns.iter().map(|column| column.expression).collect::<Vec<_>>().join(", "));
        }
        (list, shape)
    })
}

/// All rows under a parent, where there are few. The rows of all parents cost one statement.
pub async fn all<T: Entity>(ctx: &Context<'_>, nested: &'static Nested, parent: Uuid) -> Result<Vec<Loaded<T>>> {
    all_where(ctx, nested, parent, |_| {}).await
}

/// The same, filtered; the filter is the same for all parents.
pub async fn all_where<T: Entity>(
    ctx: &Context<'_>,
    nested: &'static Nested,
    parent: Uuid,
    filter: impl Fn(&mut List) + Send + Sync + 'static,
) -> Result<Vec<Loaded<T>>> {
    let catalog = ctx.request().catalog();
    let projection = Projection { counts: 0, ..Projection::of_object(Asked::of(ctx), catalog, catalog.of(T::object())) };
    let list = list_under::<T>(ctx, nested, projection, None, filter);
    let key = AllKey { asked_at: (nested.name, ctx.item.pos), parent, parent_expression: nested.parent, list };
    let rows = ctx.load(key).await?.unwrap_or_default();
    Ok(rows.into_iter().map(Loaded::new).collect())
}

/// A row by its id, with what the document asks of it; none where there is none, or none that the viewer may see.
pub async fn one<T: Entity>(ctx: &Context<'_>, id: Id<T>) -> Result<Option<Loaded<T>>> {
    let catalog = ctx.request().catalog();
    let projection = Projection::of_object(Asked::of(ctx), catalog, catalog.of(T::object()));
    if projection.ones == 0 && projection.counts == 0 {
        return Ok(ctx.load(ObjectKey { object: T::object, id: id.0, projection }).await?.map(Loaded::new));
    }
    // Joined to children there is no other document that it could share a statement with.
    let TableDef { alias, key, .. } = table_of::<T>();
    let mut rows = ctx.select::<T>(&format!("{alias}.{key} = $2"), projection, &[&id]).await?;
    Ok(rows.pop())
}

/// Reading rows of a type, and changing them.
pub trait Rows: Ctx + Sized {
    /// The whole row of an id as a struct; none where there is none, or none that the viewer may see.
    fn get<T: Entity>(&self, id: Id<T>) -> impl Future<Output = Result<Option<T>>> + Send
    where
        Self: Sync,
    {
        async move {
            let found = self.load(ObjectKey { object: T::object, id: id.0, projection: Projection::WHOLE }).await?;
            Ok(found.map(|object| T::read(&object)).transpose()?)
        }
    }

    /// The whole row of an id, to be answered.
    fn whole<T: Entity>(&self, id: Id<T>) -> impl Future<Output = Result<Option<Loaded<T>>>> + Send
    where
        Self: Sync,
    {
        async move { Ok(self.load(ObjectKey { object: T::object, id: id.0, projection: Projection::WHOLE }).await?.map(Loaded::new)) }
    }

    /// Runs a statement that reads or changes rows of a type and answers whole ones: `{c}` in it stands for the columns over
    /// the alias `c`, and stands first in what it selects or returns.
    fn rows<T: Entity>(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> impl Future<Output = Result<Vec<Loaded<T>>, DbError>> + Send
    where
        Self: Sync,
    {
        async move {
            let info = self.request().catalog().of(T::object());
            let alias = table_of::<T>().alias;
            let sql = sql.replace(&format!("{{{alias}}}"), &info.select(alias, true));
            let shape = super::row::Shape::alone(info, true);
            let rows = self.tx().query(&sql, params).await?;
            Ok(rows.into_iter().map(|row| Loaded::new(Object::new(Arc::new(row), 0, shape.clone()))).collect())
        }
    }

    /// The first row of such a statement.
    fn row<T: Entity>(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> impl Future<Output = Result<Option<Loaded<T>>, DbError>> + Send
    where
        Self: Sync,
    {
        async move { Ok(self.rows(sql, params).await?.into_iter().next()) }
    }

    /// The rows that fulfil a condition, with children and counts as a projection says.
    fn select<T: Entity>(
        &self,
        condition: &str,
        projection: Projection,
        params: &[&(dyn ToSql + Sync)],
    ) -> impl Future<Output = Result<Vec<Loaded<T>>, DbError>> + Send
    where
        Self: Sync,
    {
        async move {
            let TableDef { name, alias, key, live, .. } = table_of::<T>();
            let catalog = self.request().catalog();
            let selecting = Selecting::new(catalog, catalog.of(T::object()), alias, projection);
            let (mut columns, mut from) = (selecting.columns, format!("{name} {alias}{}", selecting.joins));
            for Counting { alias: count, function, key: of } in &selecting.counts {
                columns.push_str(&format!(", {count}.count"));
                from.push_str(&format!(" LEFT JOIN {function}(ARRAY[$2::uuid]) AS {count} ON {count}.{of} = {alias}.{key}"));
            }
            let live = live.map(|live| format!(" AND {}", live.replace("{}", alias))).unwrap_or_default();
            let sql = format!("SELECT {columns} FROM {from} WHERE {alias}.tenant_id = $1{live} AND {condition}");
            let rows = self.tx().query(&sql, params).await?;
            Ok(rows.into_iter().map(|row| Loaded::new(Object::new(Arc::new(row), 0, selecting.shape.clone()))).collect())
        }
    }

    /// What another domain has added to the argument `input` of the field that is being resolved.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` where it can't be read.
    fn added<I: InputType>(&self) -> Result<I>;

    /// Why a change reached no row: the viewer sees it and may not change it, or there is none for them.
    fn untouched<T: Entity>(&self, id: Id<T>, what: &'static str) -> impl Future<Output = Error> + Send
    where
        Self: Sync,
    {
        async move {
            match self.whole(id).await {
                Ok(Some(_)) => Error::not_yours().field("id"),
                Ok(None) => Error::not_found(what).field("id"),
                Err(error) => error,
            }
        }
    }
}

impl Rows for Context<'_> {
    fn added<I: InputType>(&self) -> Result<I> {
        let unreadable = |_| Error::bad_request("An input holds a field that can't be read.");
        self.param_value::<I>("input", None).map(|(_, input)| input).map_err(unreadable)
    }
}
