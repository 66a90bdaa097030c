//! A rehearsal (`extensions: {"dryRun": true}`): a mutation document is run and answered, and nothing of it stays.

use std::collections::{BTreeMap, BTreeSet};

use lectern::http::HttpOptions;
use lectern_kernel::resolve::registry::Root;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::{
    app::{Client, TestApp, Who, refusal},
    classroom::{course, group},
};

/// Asks for a rehearsal.
pub async fn rehearse(client: &Client, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables, "extensions": { "dryRun": true } });
    client.post("", json!(null)).json(&body).send().await.unwrap().json().await.unwrap()
}

/// What a database holds: the rows of each table as one hash. What is not logged (budgets, counters of limits) is none of it.
pub struct Rows {
    client: tokio_postgres::Client,
    // Planning it takes longer than running it.
    hashes: tokio_postgres::Statement,
}

impl Rows {
    pub async fn of(app: &TestApp) -> Rows {
        let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let tables = "SELECT string_agg(format('SELECT %L, count(*) || '' '' || coalesce(sum(hashtextextended(x::text, 0)), 0) FROM %s x',
                          c.oid::regclass, c.oid::regclass), ' UNION ALL ')
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'";
        let sql: String = client.query_one(tables, &[]).await.unwrap().get(0);
        let hashes = client.prepare(&sql).await.unwrap();
        Rows { client, hashes }
    }

    pub async fn read(&self) -> BTreeMap<String, String> {
        self.client.query(&self.hashes, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

/// The tables in which something is different.
pub fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    before.iter().filter(|(table, rows)| after.get(*table) != Some(*rows)).map(|(table, _)| table.clone()).collect()
}

/// Rehearses each mutation of a day (tests/it/audit/day.rs) before it is done, and sees that nothing of it stays.
pub struct Rehearsal {
    rows: Rows,
    possible: BTreeSet<&'static str>,
    impossible: BTreeSet<&'static str>,
}

impl Rehearsal {
    pub async fn of(app: &TestApp) -> Rehearsal {
        Rehearsal { rows: Rows::of(app).await, possible: BTreeSet::new(), impossible: BTreeSet::new() }
    }

    /// Each mutation of the service can be rehearsed, or says that it can't be.
    pub fn assert_complete(&self, app: &TestApp) {
        let mutations = || app.registry.operations().filter(|operation| operation.root == Root::Mutation);
        let names = |lasts: bool| -> BTreeSet<&str> {
            let picked = mutations().filter(|operation| (operation.is_session || operation.reaches_store) == lasts);
            picked.map(|operation| operation.field.name).collect()
        };
        // What they would show can't be taken back.
        let shows = BTreeSet::from(["startQuizAttempt", "submitQuizAttempt"]);
        assert_eq!(self.possible, &names(false) - &shows);
        assert_eq!(self.impossible, &names(true) | &shows, "what reaches beyond the database, or stands alone in its document");
    }

    pub async fn rehearse(&mut self, client: &Client, operation: &'static str, document: &str, variables: &Value) {
        let before = self.rows.read().await;
        let answer = rehearse(client, document, variables.clone()).await;
        if answer.get("errors").is_some() {
            assert_eq!(refusal(&answer["errors"][0]), "BAD_USER_INPUT DRY_RUN_NOT_POSSIBLE", "{operation}: {answer}");
            assert!(answer.get("data").is_none(), "{operation}: {answer}");
            self.impossible.insert(operation);
        } else {
            assert_eq!(answer["extensions"]["dryRun"], true, "{operation}: {answer}");
            assert!(!answer["data"][operation].is_null(), "{operation}: {answer}");
            self.possible.insert(operation);
        }
        assert_eq!(changed(&before, &self.rows.read().await), [""; 0], "{operation}: its rehearsal left something behind");
    }
}

const CREATE: &str = "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id title status createdAt } }";

#[tokio::test]
async fn a_rehearsal_is_answered_as_the_mutation_would_be_refusals_among_it() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let algebra = course(&admin, json!({ "title": "Algebra", "capacity": 1 })).await;
    let owls = group(&admin, json!({ "name": "Owls" })).await;
    let rows = Rows::of(&app).await;
    let before = rows.read().await;

    // Later mutations of the document see what the earlier ones have done.
    let two = "mutation($i: CreateCourseInput!, $g: UpdateGroupInput!) {
        createCourse(input: $i) { title instructor { id } } updateGroup(input: $g) { name capacity } }";
    let answer = rehearse(&ada, two, json!({ "i": { "title": "Sets" }, "g": { "id": owls, "capacity": 3 } })).await;
    assert_eq!(refusal(&answer["errors"][0]), "FORBIDDEN [GROUP_UPDATE]", "{answer}");
    assert_eq!((&answer["data"], &answer["extensions"]["dryRun"]), (&Value::Null, &json!(true)), "{answer}");
    let answer = rehearse(&admin, two, json!({ "i": { "title": "Sets" }, "g": { "id": owls, "capacity": 3 } })).await;
    assert_eq!(answer["data"]["updateGroup"], json!({ "name": "Owls", "capacity": 3 }), "{answer}");
    let enroll = "mutation($i: EnrollInput!) { enroll(input: $i) { status course { enrollmentCount } } }";
    let answer = rehearse(&lea, enroll, json!({ "i": { "courseId": algebra } })).await;
    assert_eq!(answer["data"]["enroll"]["course"]["enrollmentCount"], 1, "{answer}");

    // What a rehearsal refuses stands in no log either.
    for (client, query, variables, expected) in [
        (&lea, CREATE, json!({ "i": { "title": "Mine" } }), "FORBIDDEN [COURSE_CREATE]"),
        (&ada, CREATE, json!({ "i": { "title": "" } }), "BAD_USER_INPUT @title"),
        (
            &admin,
            "mutation($i: CreateUserInput!) { createUser(input: $i) { id } }",
            json!({ "i": { "email": "learner@oak.example", "name": "Lea", "roleKeys": ["LEARNER"] } }),
            "CONFLICT EMAIL_TAKEN @email",
        ),
    ] {
        let answer = rehearse(client, query, variables.clone()).await;
        assert_eq!(refusal(&answer["errors"][0]), expected, "{answer}");
        assert_eq!((&answer["data"], &answer["extensions"]["dryRun"]), (&Value::Null, &json!(true)), "{answer}");
    }
    assert_eq!(changed(&before, &rows.read().await), [""; 0]);

    // And then it is done.
    lea.ok(enroll, json!({ "i": { "courseId": algebra } })).await;
    assert_eq!(app.changes("enroll").await, 1);
}

#[tokio::test]
async fn what_only_a_commit_would_refuse_a_rehearsal_refuses_too() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    app.sql(
        "CREATE FUNCTION public.late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM app.refuse('late'); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER late AFTER INSERT ON course DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.title = 'Late')
             EXECUTE FUNCTION public.late()",
    )
    .await;
    let late = json!({ "i": { "title": "Late" } });
    let done = ada.ask(CREATE, late.clone()).await;
    let rehearsed = rehearse(&ada, CREATE, late).await;
    assert!(done["data"].is_null() && rehearsed["data"].is_null(), "{done} {rehearsed}");
    assert_eq!(refusal(&rehearsed["errors"][0]), refusal(&done["errors"][0]));
    assert_eq!(app.count("course WHERE title = 'Late'").await, 0);
    assert!(rehearse(&ada, CREATE, json!({ "i": { "title": "Early" } })).await.get("errors").is_none());
}

#[tokio::test]
async fn a_rehearsal_is_asked_for_by_a_boolean_and_concerns_mutations_alone() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    for wrong in [json!("yes"), json!(1), json!(null), json!([true])] {
        let body = json!({ "query": CREATE, "variables": { "i": { "title": "Algebra" } }, "extensions": { "dryRun": wrong } });
        let answer: Value = ada.post("", json!(null)).json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(refusal(&answer["errors"][0]), "BAD_USER_INPUT @extensions", "{wrong}: {answer}");
    }
    assert_eq!(app.count("course").await, 0);
    // A query runs as ever.
    let answer = rehearse(&ada, "{ viewer { user { id } } }", json!({})).await;
    assert_eq!((answer["data"]["viewer"]["user"]["id"].as_str(), answer.get("extensions")), (Some(ada.user_id.as_str()), None), "{answer}");
    // And false is no rehearsal.
    let body = json!({ "query": CREATE, "variables": { "i": { "title": "Algebra" } }, "extensions": { "dryRun": false } });
    let answer: Value = ada.post("", json!(null)).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!((answer["data"]["createCourse"]["title"].as_str(), answer.get("extensions")), (Some("Algebra"), None), "{answer}");
    assert_eq!(app.count("course").await, 1);
}

#[tokio::test]
async fn a_rehearsal_is_no_way_around_a_limit() {
    let app = TestApp::start_with(&["--rate-bookings=2"], HttpOptions::default()).await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let request = "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }";
    let span = json!({ "i": { "startsAt": "2099-03-02T09:00:00Z", "endsAt": "2099-03-02T10:00:00Z" } });
    for expected in [None, None, Some("RATE_LIMITED")] {
        let answer = rehearse(&lea, request, span.clone()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"].as_str(), expected, "{answer}");
    }
    // Nor to guess the key of a course, which is counted before it is answered.
    let algebra = course(&ada, json!({ "title": "Algebra", "enrollmentKey": "sesame" })).await;
    let enroll = "mutation($i: EnrollInput!) { enroll(input: $i) { id } }";
    let mut codes = BTreeSet::new();
    for guess in 0..100 {
        let answer = rehearse(&lea, enroll, json!({ "i": { "courseId": algebra, "enrollmentKey": format!("guess {guess}") } })).await;
        codes.insert(answer["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned());
        if codes.contains("RATE_LIMITED") {
            break;
        }
    }
    assert!(codes.contains("RATE_LIMITED"), "{codes:?}");
    // What a rehearsal answers is good for nothing: a bucket would take the bytes.
    let upload = "mutation($i: CreateUploadInput!) { createUpload(input: $i) { id url status } }";
    let answer = rehearse(&ada, upload, json!({ "i": crate::files::declared("notes.txt", "text/plain", b"Crosswind") })).await;
    assert_eq!((&answer["data"]["createUpload"]["url"], &answer["data"]["createUpload"]["status"]), (&Value::Null, &json!("PENDING")));
}
