//! How transactions end: committed as a whole or not at all, read in one snapshot; a failed commit is never answered as success.

use serde_json::{Value, json};

use super::{Bounds, CREATE, Service, superuser, until_all_is_quiet, until_one_waits_for_a_lock};
use crate::app::{TestApp, Who};

#[tokio::test]
async fn a_mutation_document_commits_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    let others = elm.ok(CREATE, json!({ "t": "Elm's" })).await["createCourse"]["id"].clone();
    let good = "a: createCourse(input: { title: \"Algebra\" }) { id }";
    for (second, refused) in [
        ("b: createCourse(input: { title: \"\" }) { id }".to_owned(), "BAD_USER_INPUT @title"),
        ("b: createCourse(input: { title: \"x\", capacity: 0 }) { id }".to_owned(), "BAD_USER_INPUT @capacity"),
        (format!("b: publishCourse(id: {others}) {{ id }}"), "NOT_FOUND @id"),
        (format!("b: deleteCourse(id: {others})"), "FORBIDDEN [COURSE_DELETE]"),
    ] {
        assert_eq!(ada.refused(&format!("mutation {{ {good} {second} }}"), json!({})).await, refused);
        assert_eq!(ada.refused(&format!("mutation {{ {second} {good} }}"), json!({})).await, refused);
    }
    assert_eq!(app.count("course").await, 1);
    assert_eq!(app.changes("createCourse").await, 1);
    // The refusals stand in the audit log under their own names, whatever their aliases; wrong input is none.
    assert_eq!(app.count("audit_entry where outcome = 'REFUSED' and operation = 'publishCourse' and code = 'NOT_FOUND'").await, 2);
    assert_eq!(app.count("audit_entry where outcome = 'REFUSED' and operation = 'deleteCourse' and code = 'FORBIDDEN'").await, 2);
    assert_eq!(app.count("audit_entry where outcome = 'REFUSED'").await, 4);

    let done = ada.ok(&format!("mutation {{ {good} b: createCourse(input: {{ title: \"Botany\" }}) {{ title }} }}"), json!({})).await;
    assert_eq!(done["b"]["title"], "Botany");
    assert_eq!(app.changes("createCourse").await, 3);
}

#[tokio::test]
async fn a_query_document_reads_one_snapshot() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = admin.ok(CREATE, json!({ "t": "Algebra" })).await["createCourse"]["id"].clone();
    // Its statement about courses has run; that about sections waits while both are changed by another.
    let other = superuser(&app).await;
    other.batch_execute("BEGIN; LOCK TABLE section IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let reader = admin.clone();
    let reading = tokio::spawn(async move {
        let document = "{ courses { nodes { id title sections { title } } totalCount } again: courses { totalCount } }";
        reader.ok(document, json!({})).await
    });
    until_one_waits_for_a_lock(&app).await;
    let change = "INSERT INTO section (tenant_id, id, course_id, title, position) SELECT tenant_id, gen_random_uuid(), id, 'New', 1 FROM course; \
                  INSERT INTO course (tenant_id, id, title) SELECT tenant_id, gen_random_uuid(), 'New' FROM course; \
                  UPDATE course SET title = 'Changed' WHERE title = 'Algebra'; COMMIT";
    other.batch_execute(change).await.unwrap();
    assert_eq!(
        reading.await.unwrap(),
        json!({ "courses": { "nodes": [{ "id": id, "title": "Algebra", "sections": [] }], "totalCount": 1 }, "again": { "totalCount": 1 } })
    );
    assert_eq!(admin.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 2);
}

/// Whatever a COMMIT does, the client is told the right result.
async fn with_commit_that(app: &TestApp, body: &str) {
    let function = format!(
        "CREATE SEQUENCE IF NOT EXISTS public.commits; GRANT USAGE ON SEQUENCE public.commits TO PUBLIC; \
         CREATE OR REPLACE FUNCTION public.at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$; \
         DROP TRIGGER IF EXISTS at_commit ON course; \
         CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON course DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.at_commit()"
    );
    app.sql(&function).await;
}

#[tokio::test]
async fn a_commit_that_fails_is_never_answered_as_success() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 1, ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let failed = async |code: &str| {
        let answer = admin.ask(CREATE, json!({ "t": "x" })).await;
        assert_eq!((&answer["data"], &answer["errors"][0]["extensions"]["code"]), (&Value::Null, &json!(code)), "{answer}");
        assert!(!answer.to_string().contains("secret"), "{answer}");
        assert_eq!(app.count("course").await + app.changes("createCourse").await, 0);
        until_all_is_quiet(&app).await;
    };
    with_commit_that(&app, "RAISE EXCEPTION 'secret' USING ERRCODE = 'check_violation'").await;
    failed("INTERNAL").await;
    // The connection dies while it commits.
    with_commit_that(&app, "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10)").await;
    failed("UNAVAILABLE").await;
    // A race that is lost as late as this is run again, a limited number of times.
    with_commit_that(
        &app,
        "IF nextval('public.commits') < 3 THEN RAISE EXCEPTION 'secret' USING ERRCODE = 'serialization_failure'; END IF",
    )
    .await;
    admin.ok(CREATE, json!({ "t": "x" })).await;
    assert_eq!((app.count("course").await, app.changes("createCourse").await), (1, 1));
    app.sql("DELETE FROM course; DELETE FROM audit_entry").await;
    with_commit_that(&app, "PERFORM nextval('public.commits'); RAISE EXCEPTION 'secret' USING ERRCODE = 'serialization_failure'").await;
    app.sql("ALTER SEQUENCE public.commits RESTART").await;
    failed("UNAVAILABLE").await;
    assert_eq!(app.text("SELECT last_value::text FROM public.commits").await.as_deref(), Some("9"), "once, and eight times again");
}

#[tokio::test]
async fn documents_that_change_the_same_things_crosswise_both_succeed() {
    let app = TestApp::start().await;
    let name = &app.database.name;
    app.sql(&format!("ALTER DATABASE \"{name}\" SET deadlock_timeout = '20ms'")).await;
    let service = Service::start(&app, Bounds { pool: 4, ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let one = admin.ok(CREATE, json!({ "t": "one" })).await["createCourse"]["id"].clone();
    let two = admin.ok(CREATE, json!({ "t": "two" })).await["createCourse"]["id"].clone();
    // Each would hold its first course until the other holds its own.
    app.sql(
        "CREATE SEQUENCE public.updates; GRANT USAGE ON SEQUENCE public.updates TO PUBLIC; \
         CREATE FUNCTION public.linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('public.updates'); PERFORM pg_sleep(0.05); RETURN NEW; END $$; \
         CREATE TRIGGER linger AFTER UPDATE ON course FOR EACH ROW EXECUTE FUNCTION public.linger()",
    )
    .await;
    let change = |first: &Value, second: &Value, word: &str| {
        format!(
            "mutation {{ a: updateCourse(input: {{ id: {first}, description: \"{word}\" }}) {{ id }} \
                         b: updateCourse(input: {{ id: {second}, description: \"{word}\" }}) {{ description }} }}"
        )
    };
    for round in 0..3 {
        let words = [format!("there {round}"), format!("back {round}")];
        let (there, back) = (change(&one, &two, &words[0]), change(&two, &one, &words[1]));
        let (there, back) = tokio::join!(admin.ok(&there, json!({})), admin.ok(&back, json!({})));
        assert_eq!((&there["b"]["description"], &back["b"]["description"]), (&json!(words[0]), &json!(words[1])));
        assert_eq!(app.count("(select distinct description from course) words").await, 1);
    }
    let updates: i64 = app.text("SELECT last_value::text FROM public.updates").await.unwrap().parse().unwrap();
    assert_eq!(updates, 12, "none had to run again: the second waits before it begins");
    assert_eq!(app.changes("updateCourse").await, 12);
}

/// The COMMIT of a query goes along with what was its last statement so far.
#[tokio::test]
async fn a_query_that_takes_more_statements_than_ever_is_read_anew_as_a_whole() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = admin.ok(CREATE, json!({ "t": "Algebra" })).await["createCourse"]["id"].clone();
    let section = "mutation($id: ID!) { createSection(input: { courseId: $id, title: \"One\" }) { id } }";
    admin.ok(section, json!({ "id": id })).await;
    // One statement, and up to three more: two at once, and one that needs their rows.
    let document = "query($sections: Boolean!, $total: Boolean!) { courses { totalCount @include(if: $total) \
                    nodes { id sections @include(if: $sections) { title } } } viewer { tenant { slug @include(if: $total) } } }";
    let ask = async |sections: bool, total: bool| {
        let answer = admin.ok(document, json!({ "sections": sections, "total": total })).await;
        let mut expected = json!({ "courses": { "nodes": [{ "id": id }] }, "viewer": { "tenant": {} } });
        if sections {
            expected["courses"]["nodes"][0]["sections"] = json!([{ "title": "One" }]);
        }
        if total {
            expected["courses"]["totalCount"] = json!(1);
            expected["viewer"]["tenant"] = json!({ "slug": "oak" });
        }
        assert_eq!(answer, expected);
    };
    for (sections, total) in [(false, false), (false, false), (true, false), (false, true), (false, false), (true, true), (true, true)] {
        ask(sections, total).await;
    }
    // Many at once, of another text that nothing is known of.
    let fresh = document.replace("slug", "slug name @skip(if: true)");
    let asks = (0..40).map(|number| {
        let (admin, fresh) = (admin.clone(), fresh.clone());
        tokio::spawn(async move { admin.ok(&fresh, json!({ "sections": number % 2 == 1, "total": number % 3 == 1 })).await })
    });
    for (number, ask) in asks.collect::<Vec<_>>().into_iter().enumerate() {
        let answer = ask.await.unwrap();
        assert_eq!(answer["courses"]["nodes"][0]["sections"].is_array(), number % 2 == 1, "{answer}");
        assert_eq!(answer["courses"]["totalCount"].is_number(), number % 3 == 1, "{answer}");
    }
    until_all_is_quiet(&app).await;
    // A refusal of the database in the last statement stays what it is, and so does the next document.
    app.sql("ALTER TABLE section RENAME TO hidden").await;
    assert_eq!(admin.refused(document, json!({ "sections": true, "total": true })).await, "INTERNAL");
    app.sql("ALTER TABLE hidden RENAME TO section").await;
    ask(true, true).await;
}

/// Whatever a connection has to prepare first, the COMMIT is the last that it is sent.
#[tokio::test]
async fn a_statement_that_is_new_to_its_connection_is_not_overtaken_by_the_commit() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 1, ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let (both, one) = ("{ users(first: 1) { nodes { id } } courses { totalCount } }", "{ courses { totalCount } }");
    admin.ok(both, json!({})).await;
    app.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'lectern_app' AND datname = current_database()").await;
    // The new connection knows the second of the two statements. That the old one is dead may be seen only when it is used.
    let mut counted = Value::Null;
    for _ in 0..20 {
        counted = admin.post(one, json!({})).send().await.unwrap().json().await.unwrap();
        if counted.get("errors").is_none() {
            break;
        }
    }
    assert_eq!(counted["data"]["courses"]["totalCount"], 0);
    assert_eq!(admin.ok(both, json!({})).await["users"]["nodes"][0]["id"].as_str().map(|id| &id[..5]), Some("user_"));
    until_all_is_quiet(&app).await;
}
