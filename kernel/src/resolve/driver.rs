//! Makes answers of objects. One driver for all types: it looks up what a selection asks for once, for all rows of a list,
//! writes columns and joined children at once, and waits only for what needs a statement of its own.
//!
//! A field that fails is null alone where its type allows that, with its error at its own path. A failure of the service or
//! of the database is passed on to the root: nothing of what such a field belongs to is true any more.

use std::{any::Any, sync::Arc};

use async_graphql::{
    Context, ContextSelectionSet, Name, OutputType, Positioned, ServerError, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, try_join_all},
};
use uuid::Uuid;

use super::{
    catalog::{FieldEntry, ObjectInfo},
    context::{Ctx, Request},
    keys::{CountKey, ObjectKey},
    object::{CountDef, ObjectDef, Parent, ReadColumn, Resolve, Source},
    row::{Object, Shape},
    selection::{Asked, Projection},
};
use crate::{
    db::PageArgs,
    error::{self, Error},
};

/// What a selection asks of objects of one type and shape.
pub(super) struct Plan<'a> {
    steps: Vec<Step<'a>>,
    /// Whether any step takes more than what was read.
    waits: bool,
    /// Whether one name stands in the answer for several selections.
    is_merged: bool,
}

struct Step<'a> {
    key: &'a Name,
    field: &'a Positioned<Field>,
    run: Run<'a>,
}

enum Run<'a> {
    Typename,
    Denied(Error),
    Column(usize, ReadColumn),
    Computed(fn(&Object, &Request) -> crate::error::Result<Value>),
    Joined(usize, Arc<Shape>, Plan<'a>),
    Counted(usize),
    One(usize, fn() -> &'static ObjectDef),
    Count(&'static CountDef),
    Resolver(Resolve),
}

impl Run<'_> {
    fn waits(&self) -> bool {
        match self {
            Run::Joined(_, _, plan) => plan.waits,
            Run::One(..) | Run::Count(_) | Run::Resolver(_) => true,
            _ => false,
        }
    }
}

impl<'a> Plan<'a> {
    fn of(ctx: &ContextSelectionSet<'a>, info: &ObjectInfo, shape: Option<&Shape>) -> ServerResult<Self> {
        let mut plan = Plan { steps: Vec::new(), waits: false, is_merged: false };
        plan.add(ctx, &ctx.item.node, info, shape)?;
        for (at, step) in plan.steps.iter().enumerate() {
            plan.waits |= step.run.waits();
            plan.is_merged |= plan.steps[..at].iter().any(|other| other.key == step.key);
        }
        Ok(plan)
    }

    fn add(&mut self, ctx: &ContextSelectionSet<'a>, set: &'a SelectionSet, info: &ObjectInfo, shape: Option<&Shape>) -> ServerResult<()> {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let run = Self::run_of(ctx, field, info, shape)?;
                    self.steps.push(Step { key: &field.node.response_key().node, field, run });
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    if condition.is_none_or(|condition| applies(ctx, condition, info.def.name)) {
                        self.add(ctx, &inline.node.selection_set.node, info, shape)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = ctx.query_env.fragments.get(&spread.node.fragment_name.node) else { continue };
                    if applies(ctx, fragment.node.type_condition.node.on.node.as_str(), info.def.name) {
                        self.add(ctx, &fragment.node.selection_set.node, info, shape)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn run_of(
        ctx: &ContextSelectionSet<'a>,
        field: &'a Positioned<Field>,
        info: &ObjectInfo,
        shape: Option<&Shape>,
    ) -> ServerResult<Run<'a>> {
        let name = field.node.name.node.as_str();
        if name == "__typename" {
            return Ok(Run::Typename);
        }
        let Some(FieldEntry { def, base }) = info.field(name) else {
            return Err(ServerError::new(format!("Cannot query field \"{name}\" on type \"{}\".", info.def.name), Some(field.pos)));
        };
        if let Some(access) = def.access
            && let Err(error) = access.check(ctx.data_unchecked::<Arc<Request>>())
        {
            return Ok(Run::Denied(error));
        }
        Ok(match def.source {
            Source::Column(index, read) => Run::Column(index + base, read),
            Source::Computed(compute) => Run::Computed(compute),
            Source::One(index, target) => {
                let joined = shape.and_then(|shape| shape.children.iter().find(|(column, ..)| *column == index + base));
                match joined {
                    Some((_, offset, shape)) => {
                        let inner = ctx.with_selection_set(&field.node.selection_set);
                        Run::Joined(*offset, shape.clone(), Plan::of(&inner, &shape.info, Some(shape))?)
                    }
                    None => Run::One(index + base, target),
                }
            }
            Source::Count(count) => {
                let counted = shape.and_then(|shape| shape.counts.iter().find(|(other, _)| std::ptr::eq(*other, count)));
                counted.map_or(Run::Count(count), |(_, offset)| Run::Counted(*offset))
            }
            Source::Resolver(resolve) => Run::Resolver(resolve),
        })
    }
}

/// Whether a fragment on a type applies to objects of another: it is the same, or an interface or union that holds it.
fn applies(ctx: &ContextSelectionSet<'_>, condition: &str, name: &str) -> bool {
    condition == name || ctx.schema_env.registry.types.get(condition).is_some_and(|ty| ty.is_possible_type(name))
}

/// Answers one row.
pub(super) fn resolve_object<'a>(ctx: &'a ContextSelectionSet<'_>, object: &'a Object) -> BoxFuture<'a, ServerResult<Value>> {
    async move {
        let plan = Plan::of(ctx, object.info(), Some(object.shape()))?;
        run(ctx, Parent::Row(object), object.info(), &plan).await
    }
    .boxed()
}

/// Answers rows of one type that were read by one statement.
pub(super) fn resolve_objects<'a>(ctx: &'a ContextSelectionSet<'_>, objects: &'a [Object]) -> BoxFuture<'a, ServerResult<Value>> {
    async move {
        let Some(first) = objects.first() else { return Ok(Value::List(Vec::new())) };
        debug_assert!(objects.iter().all(|object| Arc::ptr_eq(object.shape(), first.shape())), "a list has one shape");
        let plan = Plan::of(ctx, first.info(), Some(first.shape()))?;
        if !plan.waits {
            let rows = objects.iter().enumerate().map(|(at, object)| {
                let ctx = ctx.with_index(at);
                Ok(Value::Object(fill(&ctx, Parent::Row(object), object.info(), &plan)?))
            });
            return rows.collect::<ServerResult<_>>().map(Value::List);
        }
        let plan = &plan;
        let rows = objects.iter().enumerate().map(|(at, object)| -> BoxFuture<'_, ServerResult<Value>> {
            Box::pin(async move {
                let ctx = ctx.with_index(at);
                run(&ctx, Parent::Row(object), object.info(), plan).await
            })
        });
        try_join_all(rows).await.map(Value::List)
    }
    .boxed()
}

/// Answers the field `node` of the edges of a list.
pub(super) async fn resolve_nodes<'a>(
    list: &'a ContextSelectionSet<'_>,
    field: &'a Positioned<Field>,
    objects: &'a [Object],
) -> ServerResult<Vec<Value>> {
    let Some(first) = objects.first() else { return Ok(Vec::new()) };
    let plan = Plan::of(&list.with_selection_set(&field.node.selection_set), first.info(), Some(first.shape()))?;
    let plan = &plan;
    let nodes = objects.iter().enumerate().map(|(at, object)| -> BoxFuture<'_, ServerResult<Value>> {
        Box::pin(async move {
            let edge = list.with_index(at);
            let node = edge.with_field(field);
            let inner = node.with_selection_set(&field.node.selection_set);
            run(&inner, Parent::Row(object), object.info(), plan).await
        })
    });
    try_join_all(nodes).await
}

/// The fields that a selection set asks of objects of a type that has no declaration of its own.
pub(super) fn fields_of<'a>(ctx: &ContextSelectionSet<'a>, name: &str) -> Vec<&'a Positioned<Field>> {
    fn add<'a>(ctx: &ContextSelectionSet<'a>, set: &'a SelectionSet, name: &str, fields: &mut Vec<&'a Positioned<Field>>) {
        for item in &set.items {
            let (condition, set) = match &item.node {
                Selection::Field(field) => {
                    fields.push(field);
                    continue;
                }
                Selection::InlineFragment(inline) => (inline.node.type_condition.as_ref(), &inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => match ctx.query_env.fragments.get(&spread.node.fragment_name.node) {
                    Some(fragment) => (Some(&fragment.node.type_condition), &fragment.node.selection_set.node),
                    None => continue,
                },
            };
            if condition.is_none_or(|condition| applies(ctx, condition.node.on.node.as_str(), name)) {
                add(ctx, set, name, fields);
            }
        }
    }
    let mut fields = Vec::new();
    add(ctx, &ctx.item.node, name, &mut fields);
    fields
}

/// Answers a value in memory.
pub fn resolve_value<'a>(
    ctx: &'a ContextSelectionSet<'_>,
    value: &'a (dyn Any + Send + Sync),
    def: &'static ObjectDef,
) -> BoxFuture<'a, ServerResult<Value>> {
    async move {
        let info = ctx.data_unchecked::<Arc<Request>>().catalog().of(def);
        let plan = Plan::of(ctx, info, None)?;
        run(ctx, Parent::Value(value), info, &plan).await
    }
    .boxed()
}

pub(super) type Fields = IndexMap<Name, Value>;

/// What needs no waiting, and nulls in the places of the rest.
fn fill(ctx: &ContextSelectionSet<'_>, parent: Parent<'_>, info: &ObjectInfo, plan: &Plan<'_>) -> ServerResult<Fields> {
    let mut fields = Fields::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let value = if step.run.waits() { Value::Null } else { step_now(ctx, parent, info, step)? };
        if plan.is_merged {
            merge(&mut fields, step.key.clone(), value);
        } else {
            fields.insert(step.key.clone(), value);
        }
    }
    Ok(fields)
}

/// A step that does not wait.
fn step_now(ctx: &ContextSelectionSet<'_>, parent: Parent<'_>, info: &ObjectInfo, step: &Step<'_>) -> ServerResult<Value> {
    let done = match &step.run {
        Run::Typename => return Ok(Value::String(info.def.name.to_owned())),
        Run::Column(index, read) => {
            let object = parent.row();
            object.place(*index).and_then(|at| read(object.row(), at)).map_err(Error::from)
        }
        Run::Computed(compute) => compute(parent.row(), ctx.data_unchecked::<Arc<Request>>()),
        Run::Counted(offset) => {
            let object = parent.row();
            let count: Result<Option<i64>, _> = object.row().try_get(object.place_of(*offset));
            count.map(saturated).map_err(|error| Error::from(crate::db::DbError::from(error)))
        }
        Run::Joined(offset, shape, plan) => {
            let Some(child) = parent.row().child(*offset, shape) else { return Ok(Value::Null) };
            let ctx = ctx.with_field(step.field);
            let inner = ctx.with_selection_set(&step.field.node.selection_set);
            let answered = fill(&inner, Parent::Row(&child), &shape.info, plan).map(Value::Object);
            return settle(&ctx, info, answered);
        }
        Run::Denied(error) => Err(error.clone()),
        Run::One(..) | Run::Count(_) | Run::Resolver(_) => unreachable!("it waits"),
    };
    done.or_else(|error| {
        let ctx = ctx.with_field(step.field);
        settle(&ctx, info, Err(located(&ctx, error)))
    })
}

/// All of an object.
fn run<'a>(
    ctx: &'a ContextSelectionSet<'_>,
    parent: Parent<'a>,
    info: &'a ObjectInfo,
    plan: &'a Plan<'_>,
) -> BoxFuture<'a, ServerResult<Value>> {
    async move {
        let mut fields = fill(ctx, parent, info, plan)?;
        if plan.waits {
            let waiting = plan.steps.iter().filter(|step| step.run.waits()).map(|step| -> BoxFuture<'_, ServerResult<(&Name, Value)>> {
                Box::pin(async move {
                    let ctx = ctx.with_field(step.field);
                    let answered = wait(&ctx, parent, step).await;
                    Ok((step.key, settle(&ctx, info, answered)?))
                })
            });
            for (key, value) in try_join_all(waiting).await? {
                merge(&mut fields, key.clone(), value);
            }
        }
        Ok(Value::Object(fields))
    }
    .boxed()
}

/// A step that waits.
async fn wait(ctx: &Context<'_>, parent: Parent<'_>, step: &Step<'_>) -> ServerResult<Value> {
    let inner = ctx.with_selection_set(&step.field.node.selection_set);
    match &step.run {
        Run::Resolver(resolve) => resolve(parent, ctx).await,
        Run::Joined(offset, shape, plan) => match parent.row().child(*offset, shape) {
            Some(child) => run(&inner, Parent::Row(&child), &shape.info, plan).await,
            None => Ok(Value::Null),
        },
        Run::One(column, target) => {
            let id: Option<Uuid> = parent.row().at(*column).map_err(|error| located(ctx, error.into()))?;
            let Some(id) = id else { return Ok(Value::Null) };
            let catalog = ctx.request().catalog();
            let projection = Projection::of_object(Asked::of(ctx), catalog, catalog.of(target()));
            let child = ctx.load(ObjectKey { object: *target, id, projection: Projection { counts: 0, ..projection } }).await;
            match child.map_err(|error| located(ctx, error))? {
                Some(child) => resolve_object(&inner, &child).await,
                None => Ok(Value::Null),
            }
        }
        Run::Count(count) => {
            let id: Uuid = parent.row().at(0).map_err(|error| located(ctx, error.into()))?;
            let number = ctx.load(CountKey { count, id }).await.map_err(|error| located(ctx, error))?;
            Ok(saturated(number))
        }
        _ => unreachable!("it does not wait"),
    }
}

fn saturated(count: Option<i64>) -> Value {
    Value::from(i32::try_from(count.unwrap_or(0)).unwrap_or(i32::MAX))
}

/// An error with its place in the document and its path in the answer.
pub fn located(ctx: &Context<'_>, error: Error) -> ServerError {
    ctx.set_error_path(async_graphql::Error::from(error).into_server_error(ctx.item.pos))
}

/// What becomes of a field: the error of one that may be null is kept beside its null.
fn settle(ctx: &Context<'_>, info: &ObjectInfo, answered: ServerResult<Value>) -> ServerResult<Value> {
    match answered {
        Err(error) if !error::is_failure(&error) && is_nullable(ctx, info.def.name) => {
            ctx.add_error(error);
            Ok(Value::Null)
        }
        other => other,
    }
}

/// Whether the field that is being resolved may be null.
fn is_nullable(ctx: &Context<'_>, parent: &str) -> bool {
    let parent = ctx.schema_env.registry.types.get(parent);
    let field = parent.and_then(|parent| parent.field_by_name(&ctx.item.node.name.node));
    field.is_some_and(|field| !field.ty.ends_with('!'))
}

/// Puts a value into an answer in which its name may stand already: selections of one name are one. Most were merged before
/// (`request/merge.rs`); below an interface some are left.
pub(super) fn merge(fields: &mut Fields, name: Name, value: Value) {
    match (fields.get_mut(&name), value) {
        (Some(Value::Object(former)), Value::Object(value)) => {
            for (name, value) in value {
                merge(former, name, value);
            }
        }
        (Some(Value::List(former)), Value::List(values)) => {
            for (former, value) in former.iter_mut().zip(values) {
                if let (Value::Object(former), Value::Object(value)) = (former, value) {
                    for (name, value) in value {
                        merge(former, name, value);
                    }
                }
            }
        }
        (Some(former), value) if *former == Value::Null => *former = value,
        (Some(_), _) => {}
        (None, value) => {
            fields.insert(name, value);
        }
    }
}

/// Answers what a resolver returned, with what the document asks of it.
///
/// # Errors
/// As the selections of it fail.
pub async fn answer<T: OutputType>(ctx: &Context<'_>, returned: error::Result<T>) -> ServerResult<Value> {
    let value = returned.map_err(|error| located(ctx, error))?;
    let set = ctx.with_selection_set(&ctx.item.node.selection_set);
    OutputType::resolve(&value, &set, ctx.item).await
}

/// The same for a value that is a part of another.
///
/// # Errors
/// As [`answer`].
pub async fn answer_ref<T: OutputType>(ctx: &Context<'_>, value: &T) -> ServerResult<Value> {
    let set = ctx.with_selection_set(&ctx.item.node.selection_set);
    OutputType::resolve(value, &set, ctx.item).await
}

/// The arguments of a page, as the document gives them.
///
/// # Errors
/// Where one is not of its type.
pub fn paging(ctx: &Context<'_>) -> ServerResult<PageArgs> {
    Ok(PageArgs {
        first: ctx.param_value("first", None)?.1,
        after: ctx.param_value("after", None)?.1,
        last: ctx.param_value("last", None)?.1,
        before: ctx.param_value("before", None)?.1,
    })
}
