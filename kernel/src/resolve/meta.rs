//! Makes the declared types known to async-graphql: names, descriptions, arguments, directives. Its registry is hidden
//! from its documentation, but its version is pinned.

use async_graphql::{
    ID, InputType, OutputType, TypeDirective,
    connection::PageInfo,
    indexmap::IndexMap,
    registry::{MetaField, MetaInputValue, MetaType, ObjectBuilder, Registry},
};

use super::{
    guard::{public, requires_permission},
    object::{Access, ArgumentDef, FieldDef, ObjectDef},
    registry::{Event, Heard, HeardKey, Stream},
    scalars::DateTime,
};
use crate::permission::Permission;

/// The name of the interface of everything that has an id.
pub(super) const NODE: &str = "Node";

/// Registers a type, and answers how others refer to it.
pub fn register(registry: &mut Registry, def: &'static ObjectDef) -> String {
    if begin(registry, def.name) {
        let fields = fields_of(registry, def.fields.iter().chain(def.resolvers), false);
        finish(registry, def.name, def.description, fields);
        if def.table.as_ref().is_some_and(|table| table.node.is_some()) {
            registry.add_implements(def.name, NODE);
        }
    }
    format!("{}!", def.name)
}

/// Takes the place of a type, so that it may refer to itself; false where that was done before.
fn begin(registry: &mut Registry, name: &str) -> bool {
    if registry.types.contains_key(name) {
        return false;
    }
    registry.types.insert(name.to_owned(), ObjectBuilder::new(name, IndexMap::new()).rust_typename("declared").build());
    true
}

fn finish(registry: &mut Registry, name: &str, description: &str, fields: IndexMap<String, MetaField>) {
    let description = (!description.is_empty()).then(|| description.to_owned());
    let built = ObjectBuilder::new(name, fields).description(description).rust_typename("declared").build();
    registry.types.insert(name.to_owned(), built);
}

/// The fields of an object as async-graphql knows them.
pub(super) fn fields_of<'a>(
    registry: &mut Registry,
    fields: impl Iterator<Item = &'a FieldDef>,
    of_mutations: bool,
) -> IndexMap<String, MetaField> {
    fields.map(|field| (field.name.to_owned(), field_of(registry, field, of_mutations))).collect()
}

/// A field of the root of subscriptions. What its query asks of who asks, it asks of who listens.
pub(super) fn event_of(registry: &mut Registry, event: &Event, access: Option<Access>) -> MetaField {
    let ty = match event.of {
        Heard::Row(object) => register(registry, object()),
        Heard::Number => <i32 as OutputType>::create_type_info(registry),
    };
    let mut field = MetaField::new(event.name, ty);
    field.description = Some(event.description.to_owned());
    if let HeardKey::Named { argument, description, is_required, .. } = event.key {
        let ty = <ID as InputType>::create_type_info(registry);
        let ty = if is_required { ty } else { ty.trim_end_matches('!').to_owned() };
        let mut named = MetaInputValue::new(argument, ty);
        named.description = Some(description.to_owned());
        field.args.insert(argument.to_owned(), named);
    }
    if event.since.is_some() {
        let mut since = MetaInputValue::new(SINCE, <DateTime as InputType>::create_type_info(registry).trim_end_matches('!').to_owned());
        since.description = Some(SINCE_TEXT.to_owned());
        field.args.insert(SINCE.to_owned(), since);
    }
    if let Some(Access::AnyOf(permissions)) = access {
        field.description = Some(needing(event.description, permissions));
        requires_permission.register(registry);
        field.directive_invocations.push(requires_permission::apply(permissions.to_vec()));
    }
    field
}

/// A field of the root of subscriptions that tells of one thing as it comes.
pub(super) fn stream_of(registry: &mut Registry, stream: &Stream) -> MetaField {
    let mut field = MetaField::new(stream.name, register(registry, (stream.of)()));
    field.description = Some(stream.description.to_owned());
    for (name, description, is_id) in stream.arguments {
        let ty = if *is_id {
            <ID as InputType>::create_type_info(registry)
        } else {
            <String as InputType>::create_type_info(registry).trim_end_matches('!').to_owned()
        };
        let mut argument = MetaInputValue::new(*name, ty);
        argument.description = Some((*description).to_owned());
        field.args.insert((*name).to_owned(), argument);
    }
    field
}

/// The argument by which a subscriber says since when they were away.
pub const SINCE: &str = "since";
const SINCE_TEXT: &str = "The latest `updatedAt` that you have seen: what came after it is sent first, the oldest first, and then what comes. Some \
                          may come twice, none is missed. Where more than 100 came meanwhile the subscription ends, LIMIT_REACHED with \
                          TOO_FAR_BEHIND: read the list.";

/// The type of a field as the schema has it.
pub fn type_of(registry: &mut Registry, def: &FieldDef, of_mutations: bool) -> String {
    let mut ty = (def.ty)(registry);
    if let Some(Access::AnyOf(_)) = def.access
        && !of_mutations
        && ty.ends_with('!')
    {
        // A refusal nulls this field, and nothing around it.
        ty.pop();
    }
    ty
}

fn field_of(registry: &mut Registry, def: &FieldDef, of_mutations: bool) -> MetaField {
    let ty = type_of(registry, def, of_mutations);
    let mut field = MetaField::new(def.name, ty);
    field.description = Some(described(def));
    field.compute_complexity = def.cost;
    for ArgumentDef { name, description, ty, default } in def.arguments {
        let mut argument = MetaInputValue::new(*name, ty(registry));
        argument.description = (!description.is_empty()).then(|| (*description).to_owned());
        argument.default_value = default.map(str::to_owned);
        field.args.insert((*name).to_owned(), argument);
    }
    match def.access {
        Some(Access::AnyOf(permissions)) => {
            requires_permission.register(registry);
            field.directive_invocations.push(requires_permission::apply(permissions.to_vec()));
        }
        Some(Access::Public) => {
            public.register(registry);
            field.directive_invocations.push(public::apply());
        }
        _ => {}
    }
    field
}

/// A line of a description is no longer than this.
const LINE: usize = 126;

/// A field's description, with who may ask.
fn described(def: &FieldDef) -> String {
    match def.access {
        Some(Access::AnyOf(permissions)) => needing(def.description, permissions),
        _ => def.description.to_owned(),
    }
}

/// A description, and what is needed.
fn needing(description: &str, permissions: &[Permission]) -> String {
    let needs = format!("Needs {}.", permissions.iter().map(|permission| permission.as_str()).collect::<Vec<_>>().join(" or "));
    let last = description.lines().last().map_or(0, |line| line.chars().count());
    let separator = if last + 1 + needs.len() > LINE { '\n' } else { ' ' };
    format!("{description}{separator}{needs}")
}

/// Registers the connection of a type, and its edge.
pub(super) fn register_connection(registry: &mut Registry, base: &str, node: &'static ObjectDef, edge: Option<&'static ObjectDef>) {
    let (connection, edge_name) = (format!("{base}Connection"), format!("{base}Edge"));
    if !begin(registry, &connection) {
        return;
    }
    register(registry, node);
    let described = |name: &str, ty: String, description: &str| {
        let mut field = MetaField::new(name, ty);
        field.description = Some(description.to_owned());
        (name.to_owned(), field)
    };
    begin(registry, &edge_name);
    let mut fields = IndexMap::from_iter([
        described("cursor", "String!".to_owned(), "Its position in this list and order: pass it as `after` or `before`."),
        described("node", format!("{}!", node.name), "The item."),
    ]);
    if let Some(edge) = edge {
        fields.extend(fields_of(registry, edge.fields.iter(), false));
    }
    finish(registry, &edge_name, "One item of a page, and where it stands in the list.", fields);
    let page_info = PageInfo::create_type_info(registry);
    let fields = IndexMap::from_iter([
        described("edges", format!("[{edge_name}!]!"), "The page's items with their cursors."),
        described("nodes", format!("[{}!]!", node.name), "The page's items."),
        described("pageInfo", page_info, "Where the page stands in the list."),
        described("totalCount", "Int!".to_owned(), "How many items you can see on all pages together. Counted only when asked for."),
    ]);
    let description = "One page of a list: ask for `nodes`, or for `edges` where you need cursors, and for `pageInfo` to go on.";
    finish(registry, &connection, description, fields);
}

/// Adds fields to a type that is registered.
pub(super) fn extend(registry: &mut Registry, name: &str, added: &'static [FieldDef]) {
    let added = fields_of(registry, added.iter(), false);
    if let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(name) {
        fields.extend(added);
    }
}
