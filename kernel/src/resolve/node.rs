//! Anything by its id, through the guards and the rows of its own type.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, ID, OutputType, Positioned, ServerResult, Value,
    indexmap::{IndexMap, IndexSet},
    parser::types::Field,
    registry::{MetaField, MetaType, Registry},
};
use uuid::Uuid;

use super::{
    context::{Ctx, Request},
    driver,
    keys::ObjectKey,
    meta::NODE,
    object::ObjectDef,
    row::{Entity, Loaded, Object},
    selection::{Asked, Projection},
};
use crate::{
    error::{Error, Result},
    ids,
    resolve::registry::KindInfo,
};

/// A row of any type that has an id.
pub struct Node(Object);

impl Node {
    /// Reads an id of any kind.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what is none.
    pub fn read_id<'a>(request: &'a Request, field: &str, id: &'a ID) -> Result<(&'a KindInfo, Uuid)> {
        let Some((prefix, uuid)) = ids::decode(id.as_str()) else {
            return Err(Error::bad_input(field, "is not an id; an id is a word, `_` and 26 characters"));
        };
        let kind = request.registry().kind_with_prefix(prefix).filter(|kind| kind.is_node);
        kind.map(|kind| (kind, uuid))
            .ok_or_else(|| Error::bad_input(field, format!("begins with `{prefix}_`, which no id of this API does")))
    }

    /// What has an id; none where there is nothing, or nothing that the viewer may see.
    ///
    /// # Errors
    /// As [`Node::read_id`], and where the type needs a permission that the viewer lacks.
    pub async fn find(ctx: &Context<'_>, field: &str, id: &ID) -> Result<Option<Node>> {
        let request = ctx.request();
        let (kind, id) = Self::read_id(request, field, id)?;
        if !kind.needs.is_empty() {
            ctx.actor()?.require(kind.needs)?;
        }
        let catalog = request.catalog();
        let Some(info) = catalog.object(kind.ty) else { return Ok(None) };
        let asked = Projection::of_object(Asked::of(ctx), catalog, info);
        let projection = Projection { counts: 0, ones: 0, ..asked };
        Ok(ctx.load(ObjectKey { object: info.object, id, projection }).await?.map(Node))
    }

    /// A row that was read otherwise.
    pub fn of<T: Entity>(row: &Loaded<T>) -> Node {
        Node(row.object().clone())
    }
}

impl OutputType for Node {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(NODE)
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.0.info().def.name)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register(registry, &[]);
        format!("{NODE}!")
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        driver::resolve_object(ctx, &self.0).await
    }
}

/// Registers the interface, and further types that implement it.
pub(super) fn register(registry: &mut Registry, objects: &[fn() -> &'static ObjectDef]) {
    let entry = registry.types.entry(NODE.to_owned()).or_insert_with(|| {
        let mut id = MetaField::new("id", "ID!");
        id.description = Some("Its id, unique across all types.".to_owned());
        MetaType::Interface {
            name: NODE.to_owned(),
            description: Some("Anything that has an id.".to_owned()),
            fields: IndexMap::from_iter([("id".to_owned(), id)]),
            possible_types: IndexSet::new(),
            extends: false,
            inaccessible: false,
            tags: Vec::new(),
            keys: None,
            visible: None,
            rust_typename: Some("declared"),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        }
    });
    if let MetaType::Interface { possible_types, .. } = entry {
        let nodes = objects.iter().map(|object| object()).filter(|def| def.table.as_ref().is_some_and(|table| table.node.is_some()));
        possible_types.extend(nodes.map(|def| def.name.to_owned()));
    }
}
