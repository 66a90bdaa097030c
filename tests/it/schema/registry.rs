//! The registry, of which most other tests are made, misses nothing of the schema and says the same: held against the schema's
//! own text, which is all that a client sees.

use lectern_kernel::{
    permission::Permission,
    resolve::{
        Access,
        registry::{Registry, Root},
    },
};

use crate::{
    frame,
    sdl::{Field, Schema, Type},
};

/// Types that the kernel makes for pages, by what they are made of.
fn is_of_pages(name: &str, ty: &Type) -> bool {
    let has = |fields: &[&str]| fields.iter().all(|field| ty.fields.contains_key(*field));
    name == "PageInfo"
        || (name.ends_with("Connection") && has(&["edges", "nodes", "pageInfo", "totalCount"]))
        || (name.ends_with("Edge") && has(&["cursor", "node"]))
}

/// What a field's directives say.
fn shown(field: &Field) -> String {
    match (&field.any_of, field.is_public) {
        (Some(any_of), false) => any_of.join(" or "),
        (None, true) => "public".to_owned(),
        (None, false) => String::new(),
        (Some(_), true) => "public and guarded".to_owned(),
    }
}

/// What the directives of a field with this access have to say.
fn wanted(access: Option<Access>) -> String {
    match access {
        Some(Access::AnyOf(permissions)) => permissions.iter().map(|permission| permission.as_str()).collect::<Vec<_>>().join(" or "),
        Some(Access::Public) => "public".to_owned(),
        Some(Access::Authenticated | Access::SignedIn) | None => String::new(),
    }
}

/// Where a registry and a schema differ, a line each.
fn differences(registry: &Registry, schema: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |at: String, field: &Field, access: Option<Access>, may_be_whole: bool| {
        let (shown, wanted) = (shown(field), wanted(access));
        if shown != wanted {
            found.push(format!("{at}: the schema shows `{shown}`, the registry asks `{wanted}`"));
        }
        if matches!(access, Some(Access::AnyOf(_))) && !may_be_whole && field.ty.ends_with('!') {
            found.push(format!("{at}: guarded, and may not be null"));
        }
    };
    let query_access = |query: &str| registry.operation(Root::Query, query).and_then(|operation| operation.field.access);
    let mut missing = Vec::new();
    for (name, ty) in schema.0.iter().filter(|(_, ty)| matches!(ty.kind, "object" | "interface")) {
        let root = [Root::Query, Root::Mutation].into_iter().find(|root| root.name() == name);
        for (field_name, field) in &ty.fields {
            let at = format!("{name}.{field_name}");
            if let Some(root) = root {
                match registry.operation(root, field_name) {
                    None => missing.push(format!("{at}: no domain lists it")),
                    Some(operation) if operation.field.access.is_none() => missing.push(format!("{at}: nobody says who may")),
                    Some(operation) => compare(at, field, operation.field.access, root == Root::Mutation),
                }
            } else if name == "Subscription" && registry.stream(field_name).is_some() {
                // It decides itself.
                compare(at, field, None, false);
            } else if name == "Subscription" {
                // The query that reads an event decides.
                match registry.event(field_name) {
                    None => missing.push(format!("{at}: no domain lists it")),
                    Some(event) => compare(at, field, query_access(event.query), true),
                }
            } else if ty.kind == "interface" || is_of_pages(name, ty) {
                // Nothing of these is guarded: the registry knows no fields of edges.
                compare(at, field, None, false);
            } else if let Some(info) = registry.catalog().object(name) {
                match info.field(field_name) {
                    None => missing.push(format!("{at}: no declaration has it")),
                    Some(entry) => compare(at, field, entry.def.access, false),
                }
            }
        }
        let is_known = root.is_some() || name == "Subscription" || ty.kind == "interface" || is_of_pages(name, ty);
        if !is_known && registry.catalog().object(name).is_none() {
            missing.push(format!("{name}: no domain lists it"));
        }
    }
    // And the other way round.
    let has = |ty: &str, field: &str| schema.0.get(ty).is_some_and(|ty| ty.fields.contains_key(field));
    for operation in registry.operations().filter(|operation| !has(operation.root.name(), operation.field.name)) {
        missing.push(format!("{}.{}: not in the schema", operation.root.name(), operation.field.name));
    }
    for info in registry.catalog().objects() {
        let declared = info.def.fields.iter().chain(info.def.resolvers);
        let added = registry.domains().iter().flat_map(|domain| domain.extensions).filter(|added| (added.object)().name == info.def.name);
        for field in declared.chain(added.flat_map(|added| added.fields)).filter(|field| !has(info.def.name, field.name)) {
            missing.push(format!("{}.{}: not in the schema", info.def.name, field.name));
        }
    }
    found.extend(missing);
    found.sort();
    found
}

#[test]
fn the_registry_misses_nothing_of_the_schema_and_asks_what_it_shows() {
    assert_eq!(differences(lectern::domains::registry(), Schema::of_service()), [""; 0]);
    let (registry, sdl) = frame::registry();
    assert_eq!(differences(registry, &Schema::parse(&sdl)), [""; 0]);
}

#[test]
fn whatever_one_of_them_has_alone_is_named() {
    let (with_bulletins, sdl) = frame::registry();
    let found = differences(lectern::domains::registry(), &Schema::parse(&sdl));
    for line in [
        "Bulletin: no domain lists it",
        "Course.bulletins: no declaration has it",
        "Mutation.createBulletin: no domain lists it",
        "Query.bulletins: no domain lists it",
    ] {
        assert!(found.iter().any(|found| found == line), "{line}: {found:#?}");
    }
    let found = differences(with_bulletins, Schema::of_service());
    for line in ["Bulletin.title: not in the schema", "Course.bulletins: not in the schema", "Query.bulletin: not in the schema"] {
        assert!(found.iter().any(|found| found == line), "{line}: {found:#?}");
    }

    let guarded = format!("body: String @requiresPermission(anyOf: [{}])", Permission::GroupUpdate.as_str());
    assert!(sdl.contains(&guarded), "{sdl}");
    for (shown, expected) in [
        ("body: String", "Bulletin.body: the schema shows ``, the registry asks `GROUP_UPDATE`"),
        (
            "body: String @requiresPermission(anyOf: [GROUP_READ])",
            "Bulletin.body: the schema shows `GROUP_READ`, the registry asks `GROUP_UPDATE`",
        ),
        ("body: String! @requiresPermission(anyOf: [GROUP_UPDATE])", "Bulletin.body: guarded, and may not be null"),
    ] {
        assert_eq!(differences(with_bulletins, &Schema::parse(&sdl.replace(&guarded, shown))), [expected]);
    }
}
