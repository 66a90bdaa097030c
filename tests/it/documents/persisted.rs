//! Documents by their hash, after the protocol of Apollo's clients; and trusted documents, beside which no other runs.

use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use lectern::schema;
use lectern_kernel::request::{Limits, Trusted};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Client, TestApp, Who, refusal};

const ME: &str = "{ viewer { user { name } } }";
const RENAME: &str = "mutation Rename { createCourse(input: { title: \"Persisted\" }) { title } }";

fn hash(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

fn persisted(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

async fn post(client: &Client, body: Value) -> Value {
    client.post("", json!(null)).json(&body).send().await.unwrap().json().await.unwrap()
}

async fn get(client: &Client, query: &[(&str, &str)]) -> (StatusCode, Value) {
    let request = client.http.request(Method::GET, format!("{}/graphql", client.url)).header("accept", "application/json").query(query);
    let response = request.bearer_auth(client.token.as_deref().unwrap_or_default()).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

fn refused(answer: &Value) -> String {
    refusal(&answer["errors"][0])
}

#[tokio::test]
async fn a_document_is_sent_once_and_named_by_its_hash_from_then_on() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let by_hash = json!({ "extensions": persisted(&hash(ME)) });
    let answer = post(&admin, by_hash.clone()).await;
    assert_eq!(
        (refused(&answer).as_str(), &answer["errors"][0]["message"]),
        ("NOT_FOUND PERSISTED_QUERY_NOT_FOUND", &json!("PersistedQueryNotFound"))
    );
    let name = post(&admin, json!({ "query": ME, "extensions": persisted(&hash(ME)) })).await["data"].take();
    assert_eq!(name["viewer"]["user"]["name"], "ADMIN of oak");
    assert_eq!(post(&admin, by_hash.clone()).await["data"], name);
    // Whose document it is doesn't matter, and who one is does.
    let stranger = app.stranger();
    assert_eq!(post(&stranger, by_hash).await["data"], json!({ "viewer": null }));
    // By GET; a mutation stays refused there.
    let extensions = persisted(&hash(ME)).to_string();
    assert_eq!(get(&admin, &[("extensions", &extensions)]).await.1["data"], name);
    assert_eq!(get(&admin, &[("documentId", &format!("sha256:{}", hash(ME)))]).await.1["data"], name);
    assert_eq!(
        post(&admin, json!({ "query": RENAME, "extensions": persisted(&hash(RENAME)) })).await["data"]["createCourse"]["title"],
        "Persisted"
    );
    let (status, answer) = get(&admin, &[("extensions", &persisted(&hash(RENAME)).to_string())]).await;
    assert_eq!((status, refused(&answer).as_str()), (StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT"));
    assert_eq!(app.count("course").await, 1);

    for (body, expected) in [
        (json!({ "query": ME, "extensions": persisted(&hash(RENAME)) }), "BAD_USER_INPUT @extensions.persistedQuery.sha256Hash"),
        (
            json!({ "query": "{ publicTenants { totalCount } }", "extensions": persisted(&hash(ME)) }),
            "BAD_USER_INPUT @extensions.persistedQuery.sha256Hash",
        ),
        (json!({ "extensions": persisted("abc") }), "BAD_USER_INPUT @extensions.persistedQuery.sha256Hash"),
        (
            json!({ "extensions": { "persistedQuery": { "version": 2, "sha256Hash": hash(ME) } } }),
            "BAD_USER_INPUT @extensions.persistedQuery.version",
        ),
        (json!({ "extensions": { "persistedQuery": 1 } }), "BAD_USER_INPUT @extensions"),
        (json!({ "extensions": { "persistedQuery": null } }), "BAD_USER_INPUT @query"),
        (json!({ "documentId": "dashboard" }), "NOT_FOUND PERSISTED_QUERY_NOT_FOUND"),
        (json!({ "documentId": 5 }), "BAD_USER_INPUT @documentId"),
        (json!({ "query": "" }), "BAD_USER_INPUT"),
        (json!({}), "BAD_USER_INPUT @query"),
    ] {
        assert_eq!(refused(&post(&admin, body.clone()).await), expected, "{body}");
    }
    // A document that can't be read is not kept.
    let broken = "{ viewer ";
    assert_eq!(refused(&post(&admin, json!({ "query": broken, "extensions": persisted(&hash(broken)) })).await), "BAD_USER_INPUT");
    assert_eq!(refused(&post(&admin, json!({ "extensions": persisted(&hash(broken)) })).await), "NOT_FOUND PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn a_service_that_keeps_no_documents_says_that_it_does_not() {
    let app = TestApp::start_with(&["--document-cache-bytes=0"], Default::default()).await;
    let answer = post(&app.stranger(), json!({ "extensions": persisted(&hash(ME)) })).await;
    assert_eq!(
        (refused(&answer).as_str(), &answer["errors"][0]["message"]),
        ("NOT_FOUND PERSISTED_QUERY_NOT_SUPPORTED", &json!("PersistedQueryNotSupported"))
    );
    assert_eq!(app.stranger().ok(ME, json!({})).await, json!({ "viewer": null }));
}

/// A folder of its own, gone with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let path = std::env::temp_dir().join(format!("lectern-documents-{}", uuid::Uuid::now_v7()));
        let folder = Folder(path);
        for (name, text) in files {
            let file = folder.0.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }";
const PAGE: &str =
    "query Page($n: Int) { courses(first: $n) { totalCount nodes { id } } }\nquery Count { courses(first: 1) { totalCount } }\n";

#[tokio::test]
async fn where_documents_are_trusted_no_others_run() {
    let folder = Folder::new(&[
        ("login.graphql", LOGIN),
        ("pages/courses.gql", PAGE),
        ("codegen.json", &json!({ "0a1b": ME }).to_string()),
        ("apollo.json", &json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [{ "id": hash(RENAME), "name": "Rename", "type": "mutation", "body": RENAME }] }).to_string()),
        ("README.md", "{ not: a document"),
    ]);
    let app = TestApp::start_with(&["--trusted-documents", folder.0.to_str().unwrap()], Default::default()).await;
    // The harness signs in by the exact text.
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let count = json!({ "courses": { "totalCount": 0 } });
    for (body, data) in [
        (json!({ "query": PAGE, "operationName": "Count" }), &count),
        (json!({ "query": PAGE.trim(), "operationName": "Count" }), &count),
        (json!({ "documentId": "pages/courses", "operationName": "Count" }), &count),
        (json!({ "documentId": format!("sha256:{}", hash(PAGE)), "operationName": "Count" }), &count),
        (
            json!({ "extensions": persisted(&hash(PAGE)), "operationName": "Page", "variables": { "n": 1 } }),
            &json!({ "courses": { "totalCount": 0, "nodes": [] } }),
        ),
        (json!({ "documentId": "0a1b" }), &json!({ "viewer": { "user": { "name": "ADMIN of oak" } } })),
        (json!({ "extensions": persisted(&hash(RENAME)) }), &json!({ "createCourse": { "title": "Persisted" } })),
    ] {
        assert_eq!(post(&admin, body.clone()).await["data"], *data, "{body}");
    }
    assert_eq!(app.count("course").await, 1);
    for body in [
        json!({ "query": "{ __typename }" }),
        json!({ "query": format!("{ME} ") }),
        json!({ "query": RENAME.replace("Persisted", "Forged") }),
        json!({ "query": RENAME.replace("Persisted", "Forged"), "extensions": persisted(&hash(RENAME)) }),
        json!({ "query": RENAME.replace("Persisted", "Forged"), "documentId": "0a1b" }),
        json!({ "documentId": "courses" }),
        json!({ "documentId": "README" }),
        json!({ "extensions": persisted(&hash("{ __typename }")) }),
        // Not read at all, and so not told what is wrong with it.
        json!({ "query": "{{{{" }),
    ] {
        assert_eq!(refused(&post(&admin, body.clone()).await), "FORBIDDEN DOCUMENT_NOT_TRUSTED", "{body}");
    }
    assert_eq!(app.count("course").await, 1);
    assert_eq!(get(&admin, &[("extensions", &persisted(&hash(RENAME)).to_string())]).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn what_is_wrong_with_a_trusted_document_is_said_at_the_start() {
    let limits = Limits::default();
    let checker = schema::build(&limits).checker();
    let unread = |files: &[(&str, &str)]| {
        let folder = Folder::new(files);
        let refused = Trusted::load(&folder.0, &checker, &limits).err().unwrap_or_else(|| panic!("{files:?} was loaded"));
        format!("{refused:#}").replace(folder.0.to_str().unwrap(), "FOLDER")
    };
    for (files, why) in [
        (&[("a.txt", "{ viewer { permissions } }")][..], "FOLDER holds no trusted documents"),
        (
            &[("a.graphql", "{ viewer ")],
            "FOLDER/a.graphql: the document a: The document can't be read at line 1, column 10: it is not GraphQL.",
        ),
        (&[("a.graphql", "{ nope }")], "FOLDER/a.graphql: the document a: Unknown field `nope` on type `Query`."),
        (&[("a.graphql", "{ viewer { permissions } } query B { nope }")], "FOLDER/a.graphql: the document a: "),
        (&[("b/a.gql", "query A { viewer { permissions } } query B { nope }")], "FOLDER/b/a.gql: the document b/a: Unknown field `nope`"),
        (
            &[("a.graphql", "query($n: Int) { courses(first: $n) { nodes { id(x: $n) } } }")],
            "FOLDER/a.graphql: the document a: Unknown argument",
        ),
        (&[("a.graphql", "{ courses(first: \"x\") { nodes { id } } }")], "FOLDER/a.graphql: the document a: `first` must be of type Int"),
        (&[("a.graphql", &format!("{{ {} }}", "a ".repeat(5001)))], "FOLDER/a.graphql: the document a: The document has 5001 fields"),
        (&[("a.json", "{")], "FOLDER/a.json is not JSON: "),
        (&[("a.json", "[1]")], "FOLDER/a.json is no manifest: "),
        (&[("a.json", "{\"a\": 1}")], "FOLDER/a.json is no manifest: "),
        (&[("a.json", "{\"a\": \"{ nope }\"}")], "FOLDER/a.json: the document a: Unknown field"),
        (
            &[("a.json", "{\"a\": \"{ __typename }\"}"), ("b.json", "{\"a\": \"{ a: __typename }\"}")],
            "FOLDER/b.json: two different documents are called a",
        ),
    ] {
        let said = unread(files);
        assert!(said.starts_with(why), "{said} instead of {why}");
    }
    assert!(Trusted::load(std::path::Path::new("/nowhere/at/all"), &checker, &limits).is_err());
}
