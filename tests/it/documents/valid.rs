//! Documents are valid as the specification says: what async-graphql's own rules took or refused wrongly.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, Who, refusal};

const CREATE: &str = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";

async fn course(admin: &Client, title: &str) -> String {
    admin.ok(CREATE, json!({ "t": title })).await["createCourse"]["id"].as_str().unwrap().to_owned()
}

/// Refused before anything runs, with one error: what it is, and what it says.
async fn refused(client: &Client, document: &str, variables: Value) -> (String, String) {
    let answer = client.ask(document, variables).await;
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{document} was taken: {answer}"));
    assert!(answer.get("data").is_none() && errors.len() == 1, "{document}: {answer}");
    assert!(errors[0]["locations"][0]["line"].is_u64() || errors[0].get("locations").is_none(), "{answer}");
    (refusal(&errors[0]), errors[0]["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn no_answer_is_a_mixture_of_two_rows() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (a, b) = (course(&admin, "A").await, course(&admin, "B").await);
    for (document, message) in [
        (
            format!("{{ course(id: \"{a}\") {{ id }} ...B }} fragment B on Query {{ course(id: \"{b}\") {{ title }} }}"),
            "different arguments",
        ),
        (format!("{{ course(id: \"{a}\") {{ instructor {{ name }} instructor {{ name: id }} }} }}"), "different fields"),
        (
            "{ courses(filter: { statuses: [] }) { totalCount } courses(filter: { statuses: [DRAFT] }) { totalCount } }".into(),
            "different arguments",
        ),
        (
            "{ courses(filter: { statuses: [DRAFT] }) { totalCount } courses(filter: { statuses: [DRAFT, PUBLISHED] }) { totalCount } }"
                .into(),
            "different arguments",
        ),
    ] {
        let (code, said) = refused(&admin, &document, json!({})).await;
        assert!(code == "BAD_USER_INPUT" && said.contains(message), "{document}: {said}");
    }
    // With the same arguments, in whatever order, they are one field: of one row, asked once, in the order of the text.
    let one = format!(
        "{{ course(id: \"{a}\") {{ title }} ...B course(id: \"{a}\") {{ status instructor {{ id }} }} }}
         fragment B on Query {{ viewer {{ user {{ name }} }} course(id: \"{a}\") {{ id instructor {{ name }} instructor {{ __typename }} }} }}"
    );
    let text = admin.post(&one, json!({})).send().await.unwrap().text().await.unwrap();
    let instructor = format!("{{\"name\":\"ADMIN of oak\",\"__typename\":\"User\",\"id\":\"{}\"}}", admin.user_id);
    let course = format!("{{\"title\":\"A\",\"id\":\"{a}\",\"instructor\":{instructor},\"status\":\"DRAFT\"}}");
    let begins = format!("{{\"data\":{{\"course\":{course},\"viewer\":{{");
    assert!(text.starts_with(&begins), "{text}");
    let data = admin.ok("{ courses(first: 2, filter: {tag: null, search: null}) { totalCount } courses(filter: {search: null, tag: null}, first: 2) { nodes { title } } }", json!({})).await;
    assert_eq!(data["courses"]["totalCount"], 2);
    assert_eq!(data["courses"]["nodes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn fields_of_one_name_are_resolved_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = course(&admin, "A").await;
    // A mutation that ran twice would be refused the second time: the course is published already, or gone.
    let twice = "mutation($id: ID!) { deleteCourse(id: $id) ...Again } fragment Again on Mutation { deleteCourse(id: $id) }";
    assert_eq!(admin.ok(twice, json!({ "id": id })).await["deleteCourse"], json!(id));
    let named = "mutation { a: createCourse(input: { title: \"B\" }) { id } a: createCourse(input: { title: \"B\" }) { title } }";
    assert_eq!(admin.ok(named, json!({})).await["a"]["title"], "B");
    assert_eq!(app.count("course WHERE deleted_at IS NULL").await, 1);
    // One error for one field, however often its name stands there.
    let answer = app.stranger().ask("{ roles { id } roles { key } }", json!({})).await;
    assert_eq!((answer["errors"].as_array().unwrap().len(), &answer["data"]["roles"]), (1, &Value::Null));
    // Conditions are looked at before anything is merged.
    let conditional = "query($no: Boolean = false) { viewer { user { id } } viewer @include(if: $no) { permissions } viewer @skip(if: $no) { activeRole { key } } }";
    let text = admin.post(conditional, json!({})).send().await.unwrap().text().await.unwrap();
    assert_eq!(
        text,
        format!("{{\"data\":{{\"viewer\":{{\"user\":{{\"id\":\"{}\"}},\"activeRole\":{{\"key\":\"ADMIN\"}}}}}}}}", admin.user_id)
    );
    // Where they leave nothing, the objects are empty.
    let none =
        "query($no: Boolean = false) { courses { edges { ... @include(if: $no) { cursor node { id } } } nodes { id @include(if: $no) } } }";
    admin.ok("mutation { a: createCourse(input: { title: \"C\" }) { id } }", json!({})).await;
    assert_eq!(admin.ok(none, json!({})).await["courses"], json!({ "edges": [{}, {}], "nodes": [{}, {}] }));
}

#[tokio::test]
async fn what_is_asked_of_an_interface_and_of_a_type_is_one_field() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = course(&admin, "A").await;
    let document =
        "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Course { title instructor { name } } ... on User { name id } ...C } }
        fragment C on Node { ... on Course { instructor { id } title } __typename id }";
    let body = json!({ "ids": [id, admin.user_id] });
    let text = admin.post(document, body).send().await.unwrap().text().await.unwrap();
    let (name, user) = ("ADMIN of oak", admin.user_id.as_str());
    let course =
        format!("{{\"id\":\"{id}\",\"title\":\"A\",\"instructor\":{{\"name\":\"{name}\",\"id\":\"{user}\"}},\"__typename\":\"Course\"}}");
    let person = format!("{{\"id\":\"{user}\",\"name\":\"{name}\",\"__typename\":\"User\"}}");
    assert_eq!(text, format!("{{\"data\":{{\"nodes\":[{course},{person}]}}}}"));
}

#[tokio::test]
async fn what_the_specification_allows_is_taken() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (document, variables) in [
        // A variable that only a directive on `__typename` uses is used.
        ("query($x: Boolean!) { __typename @include(if: $x) viewer { __typename } }", json!({ "x": false })),
        ("query($n: Int!) { courses(first: $n) { totalCount } }", json!({ "n": 2.0 })),
        // A variable that may be null, where the place or the variable has a default.
        ("query($x: Boolean = true) { __typename @include(if: $x) }", json!({})),
        // Descriptions, as of September 2025.
        (
            "\"What it asks\" query Q(\"How many\" $n: Int = 1) { courses(first: $n) { ...Page } } \"\"\"\nA page: {[(\n\"\"\" fragment Page on CourseConnection { totalCount }",
            json!({}),
        ),
        ("\u{feff}{ __typename }", json!({})),
        ("{ __type(name: \"Course\") { isOneOf kind } }", json!({})),
    ] {
        admin.ok(document, variables).await;
    }
    let ten: Value = serde_json::from_str("{\"n\": 1e1}").unwrap();
    admin.ok("query($n: Int!) { courses(first: $n) { totalCount } }", ten).await;
    for (text, letter) in [("\\uD83D\\uDE00", "😀"), ("\\u{1F600}", "😀"), ("\\u{e4}", "ä"), ("\\u00e4", "ä")] {
        let created = admin.ok(&format!("mutation {{ createCourse(input: {{ title: \"{text}\" }}) {{ title }} }}"), json!({})).await;
        assert_eq!(created["createCourse"]["title"], letter);
    }
}

#[tokio::test]
async fn what_is_wrong_behind_a_description_is_found_where_it_stands_in_the_text() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (document, line, column) in [
        ("\"What it asks\"\nquery Q { nope }", 2, 11),
        ("\"\"\"\nA page: {[(\n\"\"\"\nquery Q { viewer { nope } }", 4, 20),
        ("\"é😀\" query Q { nope }", 1, 16),
        ("query Q(\"How many\" $n: Int) { courses(first: $n) { nope } }", 1, 52),
        ("{ ...F } \"What\"\nfragment F on Query { nope }", 2, 23),
    ] {
        let answer = admin.ask(document, json!({})).await;
        assert_eq!(refusal(&answer["errors"][0]), "BAD_USER_INPUT", "{document}: {answer}");
        assert_eq!(answer["errors"][0]["locations"], json!([{ "line": line, "column": column }]), "{document}: {answer}");
    }
}

#[tokio::test]
async fn what_the_specification_forbids_is_refused() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let long = format!("{{ {} }}", "x".repeat(50_000));
    for (document, code, message) in [
        ("{ __typename @include(if: $nobody) }", "BAD_USER_INPUT", "`$nobody` is not declared"),
        ("{ __typename @nope }", "BAD_USER_INPUT", "Unknown directive \"@nope\""),
        ("{ __typename @include }", "BAD_USER_INPUT", "The argument `if` of `@include` is needed: Boolean!."),
        ("{ __typename @skip(if: false) @skip(if: false) }", "BAD_USER_INPUT", "only be used once"),
        ("{ viewer @deprecated { user { id } } }", "BAD_USER_INPUT", "may not be used on FIELD"),
        ("query($id: String!) { course(id: $id) { id } }", "BAD_USER_INPUT @id", "`$id` of type String! stands where ID! is needed"),
        ("query($id: ID) { course(id: $id) { id } }", "BAD_USER_INPUT @id", "`$id` of type ID stands where ID! is needed"),
        ("query($id: ID = null) { course(id: $id) { id } }", "BAD_USER_INPUT @id", "`$id` of type ID stands where ID! is needed"),
        (
            "query($s: CourseStatus) { courses(filter: { statuses: [$s] }) { totalCount } }",
            "BAD_USER_INPUT @filter.statuses.0",
            "CourseStatus! is needed",
        ),
        ("mutation($t: String) { createCourse(input: { title: $t }) { id } }", "BAD_USER_INPUT @title", "String! is needed"),
        ("{ courses(filter: { statuses: [\"DRAFT\"] }) { totalCount } }", "BAD_USER_INPUT @filter.statuses.0", "a name without quotes"),
        ("{ courses(filter: { search: \"a\", search: \"b\" }) { totalCount } }", "BAD_USER_INPUT @filter.search", "twice"),
        ("{ course(id: null) @skip(if: true) { id } }", "BAD_USER_INPUT @id", "can't be null"),
        (
            "{ ... @include(if: false) { courses(first: \"x\") { totalCount } } }",
            "BAD_USER_INPUT @first",
            "must be of type Int, and is a string",
        ),
        ("{ courses(first: 2.0) { totalCount } }", "BAD_USER_INPUT @first", "must be of type Int, and is a fraction"),
        ("{ courses(frist: 1) { totalCount } }", "BAD_USER_INPUT @frist", "Did you mean `first`"),
        ("{ courses(filter: { serch: \"a\" }) { totalCount } }", "BAD_USER_INPUT @filter.serch", "Did you mean `search`"),
        ("{ courses { totlCount } }", "BAD_USER_INPUT", "Unknown field `totlCount` on type `CourseConnection`. Did you mean `totalCount`?"),
        ("query($n: Int) { nope(first: $n) { ...F } } fragment F on Query { __typename }", "BAD_USER_INPUT", "Unknown field `nope`"),
        ("query($n: Int) { __typename }", "BAD_USER_INPUT", "`$n` is never used"),
        ("{ __typename } fragment F on Query { __typename }", "BAD_USER_INPUT", "`F` is never used"),
        ("{ viewer }", "BAD_USER_INPUT", "`viewer { … }`"),
        ("query A { viewer { user { id } } } query B { nope }", "BAD_USER_INPUT", "Unknown field `nope`"),
        ("{ courses(first) { totalCount } }", "BAD_USER_INPUT", "can't be read"),
        ("{ viewer { user { id } } } }", "BAD_USER_INPUT", "line 1, column 28"),
        ("{ a: __typename } { b: __typename }", "BAD_USER_INPUT", "must be the only one"),
        ("fragment F on Query { __typename }", "BAD_USER_INPUT", "no operation"),
        (&long, "BAD_USER_INPUT", "Unknown field `xxx"),
    ] {
        let body = json!({ "query": document, "operationName": document.starts_with("query A").then_some("A") });
        let answer: Value = admin.post("", json!(null)).json(&body).send().await.unwrap().json().await.unwrap();
        let said = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(answer.get("data").is_none() && said.contains(message), "{}: {answer}", &document[..document.len().min(300)]);
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
        assert!(said.len() < 500, "{said}");
        assert_eq!(refusal(&answer["errors"][0]), code, "{document}");
    }
    for (number, code) in [("2.5", "BAD_USER_INPUT @first"), ("\"2\"", "BAD_USER_INPUT @first"), ("1e10", "BAD_USER_INPUT @first")] {
        let variables: Value = serde_json::from_str(&format!("{{\"n\": {number}}}")).unwrap();
        assert_eq!(refused(&admin, "query($n: Int!) { courses(first: $n) { totalCount } }", variables).await.0, code, "{number}");
    }
    // Null decides nothing.
    let decided = refused(&admin, "query($x: Boolean = true) { __typename @include(if: $x) }", json!({ "x": null })).await;
    assert!(decided.1.contains("decides about a directive"), "{decided:?}");
    // Null in place of a default is found where the field is resolved: it fails that field, and costs what null costs.
    let (day, nobody) = ("2026-11-20T09:30:00Z", json!({ "__typename": "Query", "a": null }));
    for (document, argument, data) in [
        ("query($v: ID = \"x\") { __typename a: course(id: $v) { id } }".to_owned(), "id", &nobody),
        (
            format!("query($v: DateTime = \"{day}\") {{ __typename a: calendar(from: $v, to: \"{day}\") {{ __typename }} }}"),
            "from",
            &nobody,
        ),
        ("query($v: [ID!] = []) { __typename a: nodes(ids: $v) { id } }".to_owned(), "ids", &Value::Null),
    ] {
        let answer = admin.ask(&document, json!({ "v": null })).await;
        assert_eq!((answer["errors"].as_array().unwrap().len(), &answer["data"]), (1, data), "{answer}");
        assert_eq!((refusal(&answer["errors"][0]), &answer["errors"][0]["path"]), (format!("BAD_USER_INPUT @{argument}"), &json!(["a"])));
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("can't be null"), "{answer}");
    }
    let body = json!({ "query": "query($n: Int = 1) { courses(first: $n) { nodes { id } } }", "variables": { "n": null }, "extensions": { "cost": true } });
    let answer: Value = admin.post("", json!(null)).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["extensions"]["cost"]["cost"], 40, "a page of 20");
    // A document that is wrong everywhere is answered by twenty errors, and in order.
    let answer = admin.ask(&format!("{{ {} }}", (0..100).map(|n| format!("nope{n}\n")).collect::<String>()), json!({})).await;
    let lines: Vec<i64> =
        answer["errors"].as_array().unwrap().iter().map(|error| error["locations"][0]["line"].as_i64().unwrap()).collect();
    assert_eq!(lines, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn null_for_a_variable_that_has_a_default_is_the_fields_error() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (document, path) in [
        ("query($v: ID = 7) { course(id: $v) { id } viewer { user { id } } }", "course"),
        ("query($v: ID = 7) { nodes(ids: [$v, 9]) { id } }", "nodes"),
    ] {
        let answer = admin.ask(document, json!({ "v": null })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert_eq!(answer["errors"][0]["path"], json!([path]), "{answer}");
        assert!(answer.get("data").is_some(), "{answer}");
    }
}

#[tokio::test]
async fn a_subscription_has_one_root_field_under_no_condition() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut socket = crate::socket::Socket::of(&admin).await;
    for (id, document, message) in [
        ("1", "subscription { bookingChanged @skip(if: true) { id } }", "@skip or @include"),
        ("2", "subscription { ... @include(if: false) { bookingChanged { id } } }", "@skip or @include"),
        ("3", "subscription { a: bookingChanged { id } b: bookingChanged { id } }", "exactly one root field"),
        ("4", "subscription { __typename }", "introspection"),
    ] {
        socket.subscribe(id, document).await;
        let heard = socket.hear().await;
        assert_eq!((&heard["type"], refusal(&heard["payload"][0]).as_str()), (&json!("error"), "BAD_USER_INPUT"), "{document}: {heard}");
        assert!(heard["payload"][0]["message"].as_str().unwrap().contains(message), "{heard}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_before_the_body_says_nothing() {
    let app = TestApp::start().await;
    let client = app.stranger();
    let request = client.http.post(format!("{}/graphql", client.url)).header("content-type", "application/json");
    let answer: Value = request.body("\u{feff}{\"query\":\"{ __typename }\"}").send().await.unwrap().json().await.unwrap();
    assert_eq!(answer, json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test]
async fn introspection_says_what_the_schema_is_and_that_an_interface_has_none() {
    let app = TestApp::start().await;
    let client = app.stranger();
    let document = "{ __schema { description ...S types { name kind interfaces { name } all: interfaces { name } } } __type(name: \"Node\") { ...T description } }
        fragment S on __Schema { again: description queryType { description } } fragment T on __Type { interfaces { name } }";
    let data = client.ok(document, json!({})).await;
    let schema = &data["__schema"];
    let description = schema["description"].as_str().unwrap();
    assert!(description.starts_with("Lectern: ") && schema["again"] == description, "{schema}");
    assert_ne!(schema["queryType"]["description"], description);
    assert!(lectern::schema::sdl().contains(&format!("\"\"\"\n{description}\n\"\"\"\nschema {{")));
    assert_eq!((&data["__type"]["interfaces"], data["__type"]["description"].as_str()), (&json!([]), Some("Anything that has an id.")));
    for ty in schema["types"].as_array().unwrap() {
        let kind = ty["kind"].as_str().unwrap();
        assert_eq!(ty["interfaces"].is_array(), matches!(kind, "OBJECT" | "INTERFACE"), "{ty}");
        assert_eq!(ty["interfaces"], ty["all"]);
        assert_eq!(ty.as_object().unwrap().len(), 4, "{ty}");
    }
}
