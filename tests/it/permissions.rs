//! Who may do what: every root field is tried as every default role, and as somebody whose role grants nothing. What was
//! measured stands in `docs/permissions.md`, for people; this test keeps it true.

use std::collections::{BTreeMap, BTreeSet};

use lectern::{domains::registry, schema};
use lectern_kernel::{ids, permission::Permission};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    app::{Client, PASSWORD, TestApp, Who},
    introspection::{Field, Input, Schema},
    isolation::world::World,
    page, sdl,
    socket::{Socket, listening},
};

/// What the schema says of a root field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    Public,
    SignedIn,
    AnyOf(Vec<String>),
}

/// The access of every field, out of the schema's directives: `(Query, courses)`.
pub fn declared() -> BTreeMap<(String, String), Access> {
    declared_by(&schema::types())
}

/// The same of another schema.
fn declared_by(text: &str) -> BTreeMap<(String, String), Access> {
    let mut declared = BTreeMap::new();
    for (name, ty) in sdl::Schema::parse(text).0.into_iter().filter(|(_, ty)| ty.kind == "object") {
        for (field_name, field) in ty.fields {
            let access = match field.any_of {
                Some(any_of) => Access::AnyOf(any_of),
                None if field.is_public => Access::Public,
                None => Access::SignedIn,
            };
            declared.insert((name.clone(), field_name), access);
        }
    }
    declared
}

/// Whether a field ends the sign-in that the probe goes on with. (Nobody is refused such a one for lack of a permission.)
fn is_of_session(field: &Field) -> bool {
    registry()
        .mutation(&field.name)
        .is_some_and(|operation| operation.is_session && !matches!(operation.field.access, Some(lectern_kernel::resolve::Access::AnyOf(_))))
}

/// Asks for a field with ids that never existed and whatever else it needs.
pub async fn probe(schema: &Schema, client: &Client, operation: &str, field: &Field) -> Value {
    let mut variables = Map::new();
    let (mut declared, mut given) = (Vec::new(), Vec::new());
    for arg in &field.args {
        let mut leaf = |_: &[String], input: &Input| -> Option<Value> {
            if input.ty.named() == "ID" {
                let never = json!(ids::encode("course", Uuid::nil()));
                return input.ty.is_required().then(|| if input.ty.is_list() { json!([never]) } else { never });
            }
            if schema.types.get(input.ty.named()).is_some_and(|ty| ty.input_fields.is_some()) { None } else { schema.plain(input) }
        };
        if let Some(value) = schema.fill(arg, &mut Vec::new(), &mut leaf) {
            declared.push(format!("${}: {}", arg.name, arg.ty.text()));
            given.push(format!("{0}: ${0}", arg.name));
            variables.insert(arg.name.clone(), value);
        }
    }
    let wrap = |list: Vec<String>| if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) };
    let counts = schema.fields(field.ty.named()).iter().any(|inner| inner.name == "totalCount");
    let selection = match (schema.is_composite(&field.ty), counts) {
        (true, true) => "{ totalCount }",
        (true, false) => "{ __typename }",
        _ => "",
    };
    client.ask(&format!("{operation}{} {{ {}{} {selection} }}", wrap(declared), field.name, wrap(given)), Value::Object(variables)).await
}

/// The permissions that a guard missed, if it was a guard that refused.
fn missing(answer: &Value) -> Option<Vec<String>> {
    serde_json::from_value(answer["errors"][0]["extensions"]["missingPermissions"].clone()).ok()
}

async fn permissions_of(client: &Client) -> BTreeSet<String> {
    let data = client.ok("{ viewer { permissions } }", json!({})).await;
    serde_json::from_value(data["viewer"]["permissions"].clone()).unwrap()
}

/// Somebody in the role that no person of the tests holds from the start.
async fn participant(app: &TestApp) -> Client {
    match app.count("app_user WHERE email = 'participant@oak.example'").await {
        0 => app.person(&app.oak, "participant@oak.example", &["PARTICIPANT"]).await,
        _ => app.sign_in_as(&app.oak, "participant@oak.example", PASSWORD).await,
    }
}

/// A key that holds all that a key of an administrator may hold.
async fn api_key(app: &TestApp) -> Client {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let held: Vec<&str> =
        Permission::ALL.iter().filter(|permission| permission.is_for_keys()).map(|permission| permission.as_str()).collect();
    crate::keys::key(app, &admin, &held).await.0
}

/// Somebody whose only role grants nothing.
async fn nobody(app: &TestApp) -> Client {
    let tenant = app.oak.tenant;
    app.sql(&format!(
        "SET app.audit = 'off';
         INSERT INTO app_user (tenant_id, id, name, email) VALUES ('{tenant}', '00000000-0000-7000-8000-00000000000a', 'Nobody', 'nobody@oak.example');
         INSERT INTO credential (tenant_id, user_id, password_hash) SELECT tenant_id, '00000000-0000-7000-8000-00000000000a', min(password_hash)
             FROM credential WHERE tenant_id = '{tenant}' GROUP BY tenant_id;
         INSERT INTO role (tenant_id, id, key, name, permissions) VALUES ('{tenant}', '00000000-0000-7000-8000-00000000000b', 'NOBODY', 'Nobody', '{{}}');
         INSERT INTO user_role (tenant_id, user_id, role_id)
             VALUES ('{tenant}', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b');
         RESET app.audit"
    ))
    .await;
    app.sign_in_as(&app.oak, "nobody@oak.example", PASSWORD).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_lacks_the_permission_is_refused_naming_it_and_nothing_changes() {
    let app = TestApp::start().await;
    let world = World::build(&app).await;
    let schema = Schema::read(&app.stranger()).await;
    let declared = declared();
    let mut people = vec![nobody(&app).await];
    for who in Who::ALL {
        people.push(app.sign_in(&app.oak, who).await);
    }
    let mut held = Vec::new();
    for person in &people {
        held.push(permissions_of(person).await);
    }
    let before = world.counts(&app, &app.oak).await;
    let digest = world.fingerprint(&app, &app.oak).await;
    let refusals = app.count("audit_entry WHERE outcome = 'REFUSED'").await;
    let (mut refused, mut refused_mutations) = (0, 0);
    for root in ["Query", "Mutation"] {
        for field in schema.fields(root) {
            let Access::AnyOf(any_of) = &declared[&(root.to_owned(), field.name.clone())] else { continue };
            for (person, held) in people.iter().zip(&held) {
                if any_of.iter().any(|permission| held.contains(permission)) {
                    continue;
                }
                let answer = probe(&schema, person, &root.to_lowercase(), field).await;
                assert_eq!(missing(&answer).as_ref(), Some(any_of), "{root}.{} {answer}", field.name);
                assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
                refused += 1;
                refused_mutations += i64::from(root == "Mutation");
            }
            let answer = probe(&schema, &app.stranger(), &root.to_lowercase(), field).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{root}.{} signed out", field.name);
        }
    }
    assert!(refused > 100, "only {refused} refusals");
    assert_eq!(world.counts(&app, &app.oak).await, before, "a refusal left something behind");
    let after = world.fingerprint(&app, &app.oak).await;
    for (table, digest) in digest.iter().filter(|(table, _)| *table != "audit_entry") {
        assert_eq!(&after[table], digest, "a refusal changed {table}");
    }
    assert_eq!(
        app.count("audit_entry WHERE outcome = 'REFUSED'").await,
        refusals + refused_mutations,
        "one entry for each refused mutation"
    );
}

#[tokio::test]
async fn node_asks_for_what_the_types_own_root_field_needs() {
    let app = crate::frame::start().await;
    let world = World::build(&app).await;
    let (schema, declared) = (Schema::read(&app.stranger()).await, declared_by(&crate::frame::registry().1));
    let nobody = nobody(&app).await;
    let mut asked = Vec::new();
    for kind in app.registry.kinds().filter(|kind| kind.is_node) {
        let needs: Vec<String> = kind.needs.iter().map(|permission| permission.as_str().to_owned()).collect();
        let expected = (!needs.is_empty()).then_some(needs.clone());
        // Independently: what the schema shows of the fields that answer such things, but for what is deleted: `node` answers that to nobody.
        let fields = schema.fields("Query").iter().filter(|field| !field.name.starts_with("deleted"));
        let own = fields.filter(|field| [kind.ty.to_owned(), format!("{}Connection", kind.ty)].contains(&field.ty.named().to_owned()));
        for field in own {
            match &declared[&("Query".to_owned(), field.name.clone())] {
                Access::AnyOf(any_of) if field.args.iter().any(|arg| arg.name == "id") || expected.is_some() => {
                    assert_eq!(Some(any_of), expected.as_ref(), "{}", field.name)
                }
                Access::SignedIn => assert_eq!(expected, None, "{}", field.name),
                _ => {}
            }
        }
        for query in [
            "query($id: ID!) { node(id: $id) { id } }",
            "query($id: ID!) { node(id: $id) { __typename ... on Course { title } ... on Role { key } } }",
            "query($id: ID!) { node(id: $id) { ...F } } fragment F on Node { id }",
            "query($id: ID!) { node: nodes(ids: [$id]) { id } }",
        ] {
            let answer = nobody.ask(query, json!({ "id": world.foreign[kind.prefix] })).await;
            assert_eq!(missing(&answer), expected, "{}: {answer}", kind.prefix);
            assert!(expected.is_none() || answer["data"]["node"] == Value::Null, "{answer}");
        }
        asked.extend(needs.into_iter().map(|needs| format!("{} {needs}", kind.prefix)));
    }
    for pair in ["course COURSE_READ", "section COURSE_READ", "role ROLE_READ", "audit AUDIT_READ", "bulletin GROUP_READ"] {
        assert!(asked.iter().any(|asked| asked == pair), "{pair}: {asked:?}");
    }
}

#[test]
fn what_signed_out_people_may_ask_stands_in_a_list() {
    let public: Vec<String> = declared()
        .into_iter()
        .filter(|(_, access)| *access == Access::Public)
        .map(|((root, field), _)| format!("{root}.{field}"))
        .collect();
    let listed = [
        "Mutation.acceptInvitation",
        "Mutation.beginProviderSignIn",
        "Mutation.completeProviderSignIn",
        "Mutation.confirmSignUp",
        "Mutation.login",
        "Mutation.refreshSession",
        "Mutation.requestPasswordReset",
        "Mutation.requestSignInCode",
        "Mutation.requestSignUp",
        "Mutation.resetPassword",
        "Mutation.revertEmailChange",
        "Mutation.signInWithCode",
        "Query.linkPreview",
        "Query.publicProgram",
        "Query.publicPrograms",
        "Query.publicTenant",
        "Query.publicTenants",
        "Query.verifyCertificate",
        "Query.viewer",
    ];
    assert_eq!(public, listed);
}

/// One line of the table for people: what each default role gets of a root field.
async fn measured(
    app: &TestApp,
    (people, view): (&[Client], &Client),
    schema: &Schema,
    root: &str,
    field: &Field,
    access: &Access,
) -> String {
    let mut cells = Vec::new();
    let is_over = registry().mutation(&field.name).is_some_and(|operation| operation.while_viewing);
    for (person, is_view) in people.iter().map(|person| (person, false)).chain([(view, true)]) {
        if is_of_session(field) && (!is_view || is_over) {
            let is_key = person.token.as_deref().is_some_and(|token| token.starts_with("lectern_"));
            cells.push(if is_key { "no" } else { "yes" }.to_owned());
            continue;
        }
        let answer = probe(schema, person, &root.to_lowercase(), field).await;
        if answer["errors"][0]["extensions"]["reason"] == "VIEW_AS_READ_ONLY" {
            assert!(is_view && root == "Mutation", "{answer}");
            cells.push("no".to_owned());
            continue;
        }
        assert!(!is_view || root == "Query", "{}: {answer}", field.name);
        let total = answer["data"][&field.name]["totalCount"].as_i64();
        let all =
            probe(schema, &app.sign_in(&app.oak, Who::Admin).await, &root.to_lowercase(), field).await["data"][&field.name]["totalCount"]
                .as_i64();
        let reason = answer["errors"][0]["extensions"]["reason"].as_str();
        cells.push(match (missing(&answer), total) {
            (Some(_), _) => "no".to_owned(),
            _ if reason == Some("API_KEY_NOT_ALLOWED") => "no".to_owned(),
            (None, None) => "yes".to_owned(),
            (None, Some(_)) if total == all => "all rows".to_owned(),
            (None, Some(_)) => "some rows".to_owned(),
        });
    }
    let needs = match access {
        Access::Public => "nothing, not even a sign-in".to_owned(),
        Access::SignedIn => "a sign-in".to_owned(),
        Access::AnyOf(any_of) => any_of.join(" or "),
    };
    format!("| `{}` | {needs} | {} |", field.name, cells.join(" | "))
}

/// The table of what can be listened to. Everybody listens; then every booking of the school changes, and at last each
/// listener gets one of their own, which ends what is counted.
async fn listeners(app: &TestApp, schema: &Schema) -> String {
    let mut people = Vec::new();
    for who in Who::ALL {
        people.push(app.sign_in(&app.oak, who).await);
    }
    people.push(participant(app).await);
    people.push(nobody(app).await);
    let tenant = app.oak.tenant;
    let there = app.count(&format!("booking WHERE tenant_id = '{tenant}'")).await;
    let mut sockets = Vec::new();
    for person in &people {
        sockets.push((listening(app, person).await, ids::decode(&person.user_id).unwrap().1, Uuid::now_v7()));
    }
    app.sql(&format!("UPDATE booking SET notes = 'changed' WHERE tenant_id = '{tenant}'")).await;
    for (_, person, own) in &sockets {
        app.sql(&format!(
            "INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at)
                 VALUES ('{tenant}', '{own}', '{person}', '2099-05-05T10:00Z', '2099-05-05T11:00Z')"
        ))
        .await;
    }
    let ends: BTreeSet<String> = sockets.iter().map(|(.., own)| ids::encode("booking", *own)).collect();
    let mut cells = Vec::new();
    for (socket, _, own) in &mut sockets {
        let own = ids::encode("booking", *own);
        let mut heard = BTreeSet::new();
        loop {
            let message = socket.hear().await;
            let id = message["payload"]["data"]["bookingChanged"]["id"].as_str().unwrap_or_else(|| panic!("{message}")).to_owned();
            if id == own {
                break;
            }
            heard.insert(id);
        }
        let heard = heard.difference(&ends).count() as i64;
        cells.push(if heard == there { "all rows" } else { "some rows" });
    }
    let mut stranger = Socket::of(&app.stranger()).await;
    stranger.subscribe("1", "subscription { bookingChanged { id } }").await;
    let refused = stranger.hear().await;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
    let rows = cells.join(" | ");
    let mut lines = String::new();
    for field in schema.fields("Subscription") {
        if field.name == "bookingChanged" {
            lines.push_str(&format!("| `bookingChanged` | a sign-in | {rows} | no |\n"));
        } else {
            lines.push_str(&listener(app, field, &people).await);
        }
    }
    format!(
        "\n## Listening\n\nOver a WebSocket. Two columns more: a role that grants nothing, and nobody who is signed in.\n\n\
         | field | needs | ADMIN | INSTRUCTOR | LEARNER | VIEWER | PARTICIPANT | no permission | signed out |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n{lines}"
    )
}

/// Who may begin to listen to something else than bookings. What they hear its own domain tests.
async fn listener(app: &TestApp, field: &Field, people: &[Client]) -> String {
    let selection = match (field.ty.named(), field.name.as_str()) {
        ("Int", _) => "",
        (_, "messageStream") => "{ kind }",
        _ => "{ id }",
    };
    // One that is of a single thing is asked for one that nobody has.
    let of = match field.name.as_str() {
        "importRunChanged" => "(id: \"importrun_01h455vb4pex5vsknk084sn02q\")",
        "messageStream" => "(messageId: \"message_01h455vb4pex5vsknk084sn02q\")",
        _ => "",
    };
    let query = format!("subscription {{ {}{of} {selection} }}", field.name);
    let (mut cells, mut needs) = (Vec::new(), "a sign-in".to_owned());
    let strangers = [app.stranger()];
    for person in people.iter().chain(&strangers) {
        let mut socket = Socket::of(person).await;
        let mut said = socket.begin("1", &query).await;
        said.extend(socket.until_answered().await); // a refusal may come after the pong
        let answer = said.iter().find(|message| message["id"] == "1").map(|message| &message["payload"][0]["extensions"]);
        // What is told as it comes looks for it first.
        cells.push(if answer.is_some_and(|answer| answer["code"] != "NOT_FOUND") { "no" } else { "yes" });
        if let Some(missing) = answer.and_then(|answer| answer["missingPermissions"].as_array()) {
            needs = missing.iter().filter_map(|permission| permission.as_str()).collect::<Vec<_>>().join(" or ");
        }
    }
    format!("| `{}` | {needs} | {} |\n", field.name, cells.join(" | "))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_of_permissions_says_what_is_measured() {
    let app = TestApp::start().await;
    World::build(&app).await;
    let mut people = Vec::new();
    for who in Who::ALL {
        people.push(app.sign_in(&app.oak, who).await);
    }
    people.push(participant(&app).await);
    people.push(api_key(&app).await);
    let view = crate::viewings::start(&people[0], &app.sign_in(&app.oak, Who::Learner).await).await;
    let schema = Schema::read(&app.stranger()).await;
    let declared = declared();
    let mut page = String::from(
        "# Who may do what\n\nMeasured on a running service by `tests/it/permissions.rs`, for the five roles that every school has. *yes*: the role may ask; which\n\
         rows it then reaches is decided row by row. *no*: refused with `FORBIDDEN`, naming the permission. *all rows*: sees what an administrator\n\
         sees. *some rows*: sees the own rows, or those that concern it. Schools add roles of their own out of the same permissions. The last columns are\n\
         an API key of an administrator, which holds all that a key may (*no* is also what is done in person alone), and somebody who sees as a learner\n\
         (`startViewAs`).\n\n\
         Write it anew with `UPDATE_SNAPSHOTS=1 cargo test --test it -- permissions::`, and read the difference.\n",
    );
    for (root, title) in [("Query", "Asking"), ("Mutation", "Changing")] {
        page.push_str(&format!(
            "\n## {title}\n\n| field | needs | ADMIN | INSTRUCTOR | LEARNER | VIEWER | PARTICIPANT | API key | as LEARNER |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        ));
        let mut fields = schema.fields(root).to_vec();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        for field in &fields {
            let line = measured(&app, (&people, &view), &schema, root, field, &declared[&(root.to_owned(), field.name.clone())]).await;
            page.push_str(&line);
            page.push('\n');
        }
    }
    page.push_str(&listeners(&app, &schema).await);
    page::hold("docs/permissions.md", &page, "cargo test --test it -- permissions::");
}
