//! Makes answers of objects. One driver for all types: it looks up what a selection asks for once, for all rows of a list,
//! writes columns and joined children at once, and waits only for what needs a statement of its own.
//!
//! A field that fails is null alone where its type allows that, with its error at its own path. A failure of the service or of
//! the database is passed on to the root: nothing of what such a field belongs to can be relied on.

use std::{any::Any, sync::Arc};

use async_graphql::{
    Context, ContextSelectionSet, Name, OutputType, Positioned, ServerError, ServerResult, Value,
    parser::types::{Field, Selection, SelectionSet},
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, try_join_all},
};
use uuid::Uuid;

use super::{
    catalog::ObjectInfo,
    context::{Ctx, Request},
    keys::{CountKey, ObjectKey},
    object::{CountDef, JsonText, ObjectDef, Parent, Resolve, Source, WriteColumn},
    row::{Object, Shape},
    scalar::{Written, write_serialized, write_text},
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
}

struct Step<'a> {
    key: &'a Name,
    field: &'a Positioned<Field>,
    run: Run<'a>,
}

enum Run<'a> {
    Typename,
    Denied(Error),
    Column(usize, WriteColumn),
    Computed(fn(&Object, &Request, &mut JsonText) -> error::Result<()>),
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
        let mut plan = Plan { steps: Vec::new(), waits: false };
        plan.add(ctx, &ctx.item.node, info, shape)?;
        plan.waits = plan.steps.iter().any(|step| step.run.waits());
        Ok(plan)
    }

    fn add(&mut self, ctx: &ContextSelectionSet<'a>, set: &'a SelectionSet, info: &ObjectInfo, shape: Option<&Shape>) -> ServerResult<()> {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    // Fields of one name are one already (`request/merge.rs`). Below an interface, what is asked of every type
                    // follows what is asked of this one, which holds it.
                    if self.steps.iter().any(|step| step.key == key) {
                        continue;
                    }
                    let run = Self::run_of(ctx, field, info, shape)?;
                    self.steps.push(Step { key, field, run });
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
        let Some(entry) = info.field(name) else {
            return Err(ServerError::new(format!("Cannot query field \"{name}\" on type \"{}\".", info.def.name), Some(field.pos)));
        };
        let def = entry.def;
        if let Some(access) = def.access
            && let Err(error) = access.check(ctx.data_unchecked::<Arc<Request>>())
        {
            return Ok(Run::Denied(error));
        }
        Ok(match def.source {
            Source::Column(index, read) => Run::Column(index + entry.base, read),
            Source::Computed(compute) => Run::Computed(compute),
            Source::One(place, target) => {
                let place = entry.place(place);
                let joined = shape.and_then(|shape| shape.children.iter().find(|(column, ..)| *column == place));
                match joined {
                    Some((_, offset, shape)) => {
                        let inner = ctx.with_selection_set(&field.node.selection_set);
                        Run::Joined(*offset, shape.clone(), Plan::of(&inner, &shape.info, Some(shape))?)
                    }
                    None => Run::One(place, target),
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
            let mut out = JsonText::with_capacity(objects.len() * plan.steps.len() * BYTES_OF_A_FIELD);
            for (at, object) in objects.iter().enumerate() {
                out.push(if at == 0 { b'[' } else { b',' });
                write_object(&ctx.with_index(at), Parent::Row(object), object.info(), &plan, &[], &mut out)?;
            }
            out.push(b']');
            return Ok(Value::Binary(out.into()));
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

/// Writes an object: what needs no waiting out of the row, the rest out of what was waited for, in the order of the steps.
fn write_object(
    ctx: &ContextSelectionSet<'_>,
    parent: Parent<'_>,
    info: &ObjectInfo,
    plan: &Plan<'_>,
    waited: &[Value],
    out: &mut JsonText,
) -> ServerResult<()> {
    let mut waited = waited.iter();
    out.push(b'{');
    for (at, step) in plan.steps.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(step.key.as_bytes());
        out.extend_from_slice(b"\":");
        match step.run.waits() {
            true => write_value(waited.next().unwrap_or(&Value::Null), out),
            false => write_step(ctx, parent, info, step, out)?,
        }
    }
    out.push(b'}');
    Ok(())
}

/// Writes a step that does not wait.
fn write_step(
    ctx: &ContextSelectionSet<'_>,
    parent: Parent<'_>,
    info: &ObjectInfo,
    step: &Step<'_>,
    out: &mut JsonText,
) -> ServerResult<()> {
    let start = out.len();
    let done = match &step.run {
        Run::Typename => {
            write_text(info.def.name, out);
            return Ok(());
        }
        Run::Column(index, write) => {
            let object = parent.row();
            object.place(*index).and_then(|at| write(object.row(), at, out)).map_err(Error::from)
        }
        Run::Computed(compute) => compute(parent.row(), ctx.data_unchecked::<Arc<Request>>(), out),
        Run::Counted(offset) => {
            let object = parent.row();
            let count: Result<Option<i64>, _> = object.row().try_get(object.place_of(*offset));
            count.map(|count| saturated(count).write(out)).map_err(|error| Error::from(crate::db::DbError::from(error)))
        }
        Run::Joined(offset, shape, plan) => {
            let Some(child) = parent.row().child(*offset, shape) else {
                out.extend_from_slice(b"null");
                return Ok(());
            };
            let ctx = ctx.with_field(step.field);
            let inner = ctx.with_selection_set(&step.field.node.selection_set);
            let written = write_object(&inner, Parent::Row(&child), &shape.info, plan, &[], out);
            return settle(&ctx, info, written, || {
                out.truncate(start);
                out.extend_from_slice(b"null");
            });
        }
        Run::Denied(error) => Err(error.clone()),
        Run::One(..) | Run::Count(_) | Run::Resolver(_) => unreachable!("it waits"),
    };
    done.or_else(|error| {
        let ctx = ctx.with_field(step.field);
        settle(&ctx, info, Err(located(&ctx, error)), || {
            out.truncate(start);
            out.extend_from_slice(b"null");
        })
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
        let mut waited = Vec::new();
        if plan.waits {
            let waiting = plan.steps.iter().filter(|step| step.run.waits()).map(|step| -> BoxFuture<'_, ServerResult<Value>> {
                Box::pin(async move {
                    let ctx = ctx.with_field(step.field);
                    let mut answered = wait(&ctx, parent, step).await;
                    let value = answered.as_mut().map(std::mem::take).unwrap_or_default();
                    settle(&ctx, info, answered.map(drop), || {})?;
                    Ok(value)
                })
            });
            waited = try_join_all(waiting).await?;
        }
        let mut out = JsonText::with_capacity(plan.steps.len() * BYTES_OF_A_FIELD);
        write_object(ctx, parent, info, plan, &waited, &mut out)?;
        Ok(Value::Binary(out.into()))
    }
    .boxed()
}

/// About as long is a field in an answer.
const BYTES_OF_A_FIELD: usize = 40;

/// A step that waits.
async fn wait(ctx: &Context<'_>, parent: Parent<'_>, step: &Step<'_>) -> ServerResult<Value> {
    let inner = ctx.with_selection_set(&step.field.node.selection_set);
    match &step.run {
        Run::Resolver(resolve) => resolve(parent, ctx).await.map_err(|error| placed(ctx, error)),
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
            Ok(Value::from(saturated(number)))
        }
        _ => unreachable!("it does not wait"),
    }
}

fn saturated(count: Option<i64>) -> i32 {
    i32::try_from(count.unwrap_or(0)).unwrap_or(i32::MAX)
}

/// An error with its place in the document and its path in the answer.
pub fn located(ctx: &Context<'_>, error: Error) -> ServerError {
    ctx.set_error_path(async_graphql::Error::from(error).into_server_error(ctx.item.pos))
}

/// The error of a field, with its path. One without a path is about an argument: its value was checked before anything ran, but for
/// null in place of a variable's default.
pub(super) fn placed(ctx: &Context<'_>, error: ServerError) -> ServerError {
    if !error.path.is_empty() {
        return error;
    }
    let argument = ctx.item.node.arguments.iter().find(|(_, value)| error.locations.first() == Some(&value.pos));
    match argument {
        Some((name, value)) if is_null(ctx, &value.node) => {
            let located = located(ctx, Error::bad_input(name.node.as_str(), "can't be null"));
            ServerError { locations: error.locations, ..located }
        }
        _ => ctx.set_error_path(error),
    }
}

fn is_null(ctx: &Context<'_>, value: &async_graphql_value::Value) -> bool {
    matches!(value, async_graphql_value::Value::Variable(name) if matches!(ctx.query_env.variables.get(name), Some(Value::Null)))
}

/// What becomes of a field: the error of one that may be null is kept beside its null, which `null` writes.
fn settle(ctx: &Context<'_>, info: &ObjectInfo, answered: ServerResult<()>, null: impl FnOnce()) -> ServerResult<()> {
    match answered {
        Err(error) if !error::is_failure(&error) && is_nullable(ctx, info.def.name) => {
            ctx.add_error(error);
            null();
            Ok(())
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

/// A list of objects, out of the values of each field for all of them. Where conditions leave no field, the objects are empty.
pub(super) fn transposed(keys: &[&str], columns: &[Vec<Value>], rows: usize) -> Value {
    let mut out = JsonText::new();
    out.push(b'[');
    for row in 0..rows {
        out.extend_from_slice(if row == 0 { b"{" } else { b",{" });
        for (at, (key, column)) in keys.iter().zip(columns).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_text(key, &mut out);
            out.push(b':');
            write_value(&column[row], &mut out);
        }
        out.push(b'}');
    }
    out.push(b']');
    Value::Binary(out.into())
}

/// Writes a value that other code has made, finished parts spliced in.
pub fn write_value(value: &Value, out: &mut JsonText) {
    match value {
        Value::Binary(text) => out.extend_from_slice(text),
        Value::List(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_value(item, out);
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            out.push(b'{');
            for (at, (name, field)) in fields.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_text(name, out);
                out.push(b':');
                write_value(field, out);
            }
            out.push(b'}');
        }
        Value::String(text) => write_text(text, out),
        Value::Enum(name) => write_text(name, out),
        Value::Null => out.extend_from_slice(b"null"),
        other => write_serialized(other, out),
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
