//! What the domains are built on, tried on a small domain that exists here alone: guards, nulls, what is added to another domain's
//! type, and what the registry knows.

mod bulletins;
mod mottos;

use std::sync::LazyLock;

use bulletins::Bulletin;
use lectern::{domains, http::HttpOptions, schema::Lectern};
use lectern_kernel::{
    execute::Schema,
    permission::Permission,
    resolve::{
        SchemaOf,
        registry::{Domain, Registry},
    },
};
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who, refusal},
    classroom::{course, uuid},
};

/// The product's schema, with bulletins and mottos.
struct Trial;

impl SchemaOf for Trial {
    fn domains() -> &'static [&'static Domain] {
        static ALL: LazyLock<Vec<&Domain>> = LazyLock::new(|| [domains::ALL, &[&bulletins::DOMAIN, &mottos::DOMAIN]].concat());
        &ALL
    }

    const DESCRIPTION: &'static str = Lectern::DESCRIPTION;
    const QUERY: &'static str = Lectern::QUERY;
    const MUTATION: &'static str = Lectern::MUTATION;
    const SUBSCRIPTION: &'static str = Lectern::SUBSCRIPTION;
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(Trial::domains()));

/// A service with bulletins.
pub async fn start() -> TestApp {
    let owner = "ALTER TABLE bulletin OWNER TO lectern_owner;";
    let sql = [include_str!("bulletins/migration.sql"), owner, include_str!("bulletins/policy.sql"), mottos::SQL].concat();
    let mut app = TestApp::start_of(&[], HttpOptions::default(), (Schema::of::<Trial>, &REGISTRY), &sql).await;
    app.probes.push(("sql/seed/probe/bulletins.sql".to_owned(), include_str!("bulletins/probe.sql").to_owned()));
    app
}

/// Its registry, and its schema in its own language.
pub fn registry() -> (&'static Registry, String) {
    (&REGISTRY, Schema::types::<Trial>())
}

const CREATE: &str = "mutation($i: CreateBulletinInput!) { createBulletin(input: $i) { id title body author { name } } }";

/// A published course with a bulletin: their ids.
async fn announced(app: &TestApp, admin: &Client) -> (String, String) {
    let id = course(&app.sign_in(&app.oak, Who::Instructor).await, json!({ "title": "Algebra" })).await;
    let input = json!({ "i": { "title": "No lesson", "body": "SECRET", "courseId": id } });
    let made = admin.ok(CREATE, input).await;
    (id, made["createBulletin"]["id"].as_str().unwrap().to_owned())
}

/// The errors of an answer: `courses.nodes.0.body FORBIDDEN [GROUP_UPDATE]`.
fn refusals(answer: &Value) -> Vec<String> {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let line = |error: &Value| {
        let path = error["path"].as_array().unwrap();
        let path: Vec<String> = path.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
        format!("{} {}", path.join("."), refusal(error))
    };
    errors.iter().map(line).collect()
}

#[tokio::test]
async fn a_guarded_column_is_null_alone_whichever_way_it_is_reached() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (course, id) = announced(&app, &admin).await;
    // Sees bulletins, and may not read what they say.
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    for (query, path) in [
        (format!("{{ bulletin(id: \"{id}\") {{ title body }} }}"), "/bulletin"),
        (format!("{{ bulletin(id: \"{id}\") {{ title ...A }} }} fragment A on Bulletin {{ body }}"), "/bulletin"),
        ("{ bulletins { nodes { title body author { id } } } }".to_owned(), "/bulletins/nodes/0"),
        ("{ bulletins { edges { node { title body } } } }".to_owned(), "/bulletins/edges/0/node"),
        (format!("{{ node(id: \"{id}\") {{ ... on Bulletin {{ title body createdAt }} }} }}"), "/node"),
        (format!("{{ nodes(ids: [\"{id}\"]) {{ ... on Bulletin {{ title body }} }} }}"), "/nodes/0"),
        (format!("{{ course(id: \"{course}\") {{ bulletins {{ nodes {{ title body }} }} }} }}"), "/course/bulletins/nodes/0"),
        ("{ courses { nodes { bulletins { nodes { title body } } } } }".to_owned(), "/courses/nodes/0/bulletins/nodes/0"),
    ] {
        let answer = viewer.ask(&query, json!({})).await;
        let at = answer["data"].pointer(path).unwrap_or_else(|| panic!("{query} {answer:#}"));
        assert_eq!((&at["title"], &at["body"]), (&json!("No lesson"), &Value::Null), "{query}");
        assert_eq!(refusals(&answer), [format!("{}.body FORBIDDEN [GROUP_UPDATE]", path[1..].replace('/', "."))], "{query}");
        let seen = admin.ok(&query, json!({})).await;
        assert_eq!(seen.pointer(path).unwrap()["body"], "SECRET", "{query}");
    }
    assert!(!viewer.ask("{ bulletins { nodes { body } } }", json!({})).await.to_string().contains("SECRET"));
}

#[tokio::test]
async fn a_refusal_nulls_its_own_field_at_every_depth() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (course, _) = announced(&app, &admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    for (query, path) in [
        ("{ courses { nodes { title bulletins { totalCount } } } }".to_owned(), "courses.nodes.0"),
        ("{ courses { edges { node { title bulletins { nodes { title } } } } } }".to_owned(), "courses.edges.0.node"),
        (format!("{{ course(id: \"{course}\") {{ title bulletins {{ totalCount }} }} }}"), "course"),
        (format!("{{ node(id: \"{course}\") {{ ... on Course {{ title bulletins {{ totalCount }} }} }} }}"), "node"),
    ] {
        let answer = learner.ask(&query, json!({})).await;
        let at = answer["data"].pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or_else(|| panic!("{query} {answer:#}"));
        assert_eq!(*at, json!({ "title": "Algebra", "bulletins": null }), "{query}");
        assert_eq!(refusals(&answer), [format!("{path}.bulletins FORBIDDEN [GROUP_READ]")], "{query}");
    }
    // A refusal of the domain is one as well.
    let answer = admin.ask("{ courses { nodes { title bulletins(first: 0) { totalCount } } } }", json!({})).await;
    assert_eq!(answer["data"], json!({ "courses": { "nodes": [{ "title": "Algebra", "bulletins": null }] } }));
    assert_eq!(refusals(&answer), ["courses.nodes.0.bulletins BAD_USER_INPUT @first"]);
    // And in what a mutation answers: it has been done.
    let query = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { title bulletins(first: 0) { totalCount } } }";
    let answer = admin.ask(query, json!({ "i": { "id": course, "title": "Analysis" } })).await;
    assert_eq!(answer["data"], json!({ "updateCourse": { "title": "Analysis", "bulletins": null } }));
    assert_eq!(app.count("course WHERE title = 'Analysis'").await, 1);
}

#[tokio::test]
async fn a_failure_of_the_database_nulls_the_root_field_that_it_reached() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (course, _) = announced(&app, &admin).await;
    app.sql("REVOKE SELECT ON bulletin FROM lectern_app").await;
    let answer = admin.ask("{ courses { nodes { title bulletins { totalCount nodes { title } } } } }", json!({})).await;
    assert_eq!(answer["data"], json!({ "courses": null }));
    assert!(refusals(&answer).iter().all(|refusal| refusal.ends_with(" INTERNAL") || refusal.ends_with(" UNAVAILABLE")), "{answer:#}");
    // In a mutation nothing was done: an aborted transaction is never taken for a commit.
    let query = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { title bulletins { nodes { title } } } }";
    let answer = admin.ask(query, json!({ "i": { "id": course, "title": "Analysis" } })).await;
    assert!(answer["data"].is_null(), "{answer:#}");
    assert_eq!(app.count("course WHERE title = 'Analysis'").await, 0);
}

#[tokio::test]
async fn a_domain_built_by_the_guide_behaves_like_the_others() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (course, id) = announced(&app, &admin).await;
    let update = "mutation($i: UpdateBulletinInput!) { updateBulletin(input: $i) { title body } }";
    let changed = admin.ok(update, json!({ "i": { "id": id, "body": null } })).await;
    assert_eq!(changed["updateBulletin"], json!({ "title": "No lesson", "body": null }));
    assert_eq!(admin.refused(update, json!({ "i": { "id": id, "title": null } })).await, "BAD_USER_INPUT @title");
    assert_eq!(admin.refused(CREATE, json!({ "i": { "title": " " } })).await, "BAD_USER_INPUT @title");
    assert_eq!(app.count("bulletin").await, 1);
    // It is in the log under its own name, and its ids are known there.
    let log = admin.ok("{ auditLog(filter: { resource: \"Bulletin\" }) { nodes { operation resourceId after } } }", json!({})).await;
    let entries = log["auditLog"]["nodes"].as_array().unwrap().clone();
    assert_eq!(entries.iter().map(|entry| &entry["operation"]).collect::<Vec<_>>(), ["updateBulletin", "createBulletin"]);
    assert_eq!((&entries[1]["resourceId"], &entries[1]["after"]["courseId"]), (&json!(id), &json!(course)));
    // To another school it is like one that never existed.
    let stranger = app.sign_in(&app.elm, Who::Admin).await;
    for other in [id.as_str(), "bulletin_01h455vb4pex5vsknk084sn02q"] {
        assert_eq!(stranger.refused(update, json!({ "i": { "id": other, "title": "Mine" } })).await, "NOT_FOUND @id");
        let seen = stranger.ok("query($id: ID!) { bulletin(id: $id) { title } node(id: $id) { id } }", json!({ "id": other })).await;
        assert_eq!(seen, json!({ "bulletin": null, "node": null }));
    }
    // The bulletins of many courses cost one statement.
    let query = "{ courses { nodes { title bulletins { totalCount nodes { title author { name } } } } } }";
    let few = app.statements(&admin, query, json!({})).await;
    for title in ["B", "C", "D"] {
        crate::classroom::course(&app.sign_in(&app.oak, Who::Instructor).await, json!({ "title": title })).await;
    }
    assert_eq!(app.statements(&admin, query, json!({})).await, few);
    admin.ok("mutation($id: ID!) { deleteBulletin(id: $id) }", json!({ "id": id })).await;
    assert_eq!(app.count("bulletin").await, 0);
}

#[tokio::test]
async fn a_domain_adds_to_types_inputs_filters_orders_and_enums_of_others() {
    let app = start().await;
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let create = "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id title motto isYours } }";
    let made = instructor.ok(create, json!({ "i": { "title": "Algebra", "motto": " Per aspera " } })).await;
    let id = made["createCourse"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made["createCourse"], json!({ "id": id, "title": "Algebra", "motto": "Per aspera", "isYours": true }));
    let plain = instructor.ok(create, json!({ "i": { "title": "Zoology" } })).await;
    assert_eq!(plain["createCourse"]["motto"], Value::Null);
    assert_eq!(instructor.refused(create, json!({ "i": { "title": "B", "motto": "a\nb" } })).await, "BAD_USER_INPUT @motto");
    assert_eq!(app.count("course").await, 2, "nothing was made");

    let lists = "query($f: CourseFilter, $o: CourseOrder) { courses(filter: $f, orderBy: $o) { nodes { title motto } } }";
    let titles = |answer: Value| -> Vec<String> {
        answer["courses"]["nodes"].as_array().unwrap().iter().map(|node| node["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(instructor.ok(lists, json!({ "f": { "motto": "Per" } })).await), ["Algebra"]);
    assert_eq!(titles(instructor.ok(lists, json!({ "o": { "field": "MOTTO", "direction": "ASC" } })).await), ["Zoology", "Algebra"]);
    assert_eq!(titles(instructor.ok(lists, json!({ "f": { "search": "zoo" } })).await), ["Zoology"]);
    let answer = instructor.ask(lists, json!({ "f": { "motto": "P" } })).await;
    assert_eq!(refusals(&answer), ["courses BAD_USER_INPUT @filter.motto"]);

    let update = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { title motto } }";
    for (change, motto) in [
        (json!({ "title": "Analysis" }), json!("Per aspera")),
        (json!({ "motto": "Ad astra" }), json!("Ad astra")),
        (json!({ "motto": null }), Value::Null),
    ] {
        let mut input = change.clone();
        input["id"] = json!(id);
        assert_eq!(instructor.ok(update, json!({ "i": input })).await["updateCourse"]["motto"], motto, "{change}");
    }
    let seen = app.sign_in(&app.oak, Who::Admin).await;
    let seen = seen
        .ok("query($id: ID!) { course(id: $id) { motto isYours } node(id: $id) { ... on Course { isYours motto } } }", json!({ "id": id }));
    let course = json!({ "motto": null, "isYours": false });
    assert_eq!(seen.await, json!({ "course": course, "node": course }));

    // To-one children by a column that is added, and by one of the type's own; and what the database counts.
    app.sql(&format!("UPDATE course SET motto_author_id = '{}' WHERE title = 'Zoology'", uuid(&instructor.user_id))).await;
    let people =
        "{ courses(orderBy: { field: TITLE, direction: DESC }) { nodes { title mottoAuthor { id } mottoKeeper { id } mottoReaders } } }";
    let me = json!({ "id": instructor.user_id });
    let nodes = json!([
        { "title": "Zoology", "mottoAuthor": me, "mottoKeeper": me, "mottoReaders": 0 },
        { "title": "Analysis", "mottoAuthor": null, "mottoKeeper": me, "mottoReaders": 0 },
    ]);
    assert_eq!(instructor.ok(people, json!({})).await["courses"]["nodes"], nodes);
    let one = "query($id: ID!) { course(id: $id) { mottoAuthor { id } } }";
    assert_eq!(instructor.ok(one, json!({ "id": id })).await["course"]["mottoAuthor"], Value::Null);

    let colour = "query($c: Colour!) { colour(of: $c) }";
    for name in ["RED", "BLUE"] {
        assert_eq!(instructor.ok(colour, json!({ "c": name })).await, json!({ "colour": name }));
    }
    assert!(instructor.refused(colour, json!({ "c": "GREEN" })).await.starts_with("BAD_USER_INPUT"));
}

#[test]
fn the_schema_shows_what_the_declaration_says() {
    let sdl = Schema::sdl::<Trial>();
    for line in [
        "type Bulletin implements Node {",
        "  body: String @requiresPermission(anyOf: [GROUP_UPDATE])",
        "  \"What it says; at most 10,000 characters. Needs GROUP_UPDATE.\"",
        "  author: User",
        "  ): BulletinConnection @requiresPermission(anyOf: [GROUP_READ])",
        "  \"Its bulletins, the latest first. Needs GROUP_READ.\"",
    ] {
        assert!(sdl.lines().any(|found| found == line), "{line}\n{sdl}");
    }
    // The guard that is shown is the one that is asked.
    let info = REGISTRY.catalog().of(Bulletin::object());
    let body = info.field("body").unwrap().def;
    assert_eq!(body.access, Some(lectern_kernel::resolve::Access::AnyOf(&[Permission::GroupUpdate])));
    assert_eq!(REGISTRY.kind("Bulletin").unwrap().needs, [Permission::GroupRead]);
    assert_eq!(REGISTRY.reference("Bulletin", "course_id"), Some("course"));
}
