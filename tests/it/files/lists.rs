//! Lists of files: orders, filters, what they cost, and by which plan.

use serde_json::{Value, json};
use tokio_postgres::NoTls;

use super::{CREATE, file, show, text};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{ADD_MEMBERS, course, enroll, group, uuid, walk},
};

#[tokio::test]
async fn files_stand_in_each_order_and_are_found_by_each_filter() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    for (client, name, size) in
        [(&admin, "éa.txt", 3), (&learner, "Zz-Report_24.txt", 1), (&admin, "aa.txt", 2), (&learner, "report (final).csv", 2)]
    {
        let content_type = if name.ends_with("csv") { "text/csv" } else { "text/plain" };
        let mut input = super::declared(name, content_type, &vec![b'a'; size]);
        input["folder"] = json!(if size == 2 { "twos" } else { "others" });
        let upload = client.ok(CREATE, json!({ "i": input })).await["createUpload"].take();
        super::send(client, &upload, &vec![b'a'; size]).await;
        client.ok(super::COMPLETE, json!({ "id": upload["id"] })).await;
    }
    let walked = async |arguments: &str| walk(&admin, "files", arguments, "/name").await.join(" | ");
    assert_eq!(walked("").await, "report (final).csv | aa.txt | Zz-Report_24.txt | éa.txt", "the latest first");
    assert_eq!(walked("orderBy: { field: NAME, direction: ASC }").await, "aa.txt | éa.txt | report (final).csv | Zz-Report_24.txt");
    assert_eq!(walked("orderBy: { field: NAME, direction: DESC }").await, "Zz-Report_24.txt | report (final).csv | éa.txt | aa.txt");
    assert_eq!(walked("orderBy: { field: CREATED_AT, direction: ASC }").await, "éa.txt | Zz-Report_24.txt | aa.txt | report (final).csv");
    assert_eq!(walked("orderBy: { field: SIZE, direction: ASC }").await, "Zz-Report_24.txt | aa.txt | report (final).csv | éa.txt");
    assert_eq!(walked("orderBy: { field: SIZE, direction: DESC }").await, "éa.txt | report (final).csv | aa.txt | Zz-Report_24.txt");

    let with = async |filter: &str| walked(&format!("filter: {{ {filter} }} orderBy: {{ field: NAME, direction: ASC }}")).await;
    assert_eq!(with("search: \"rep\"").await, "report (final).csv | Zz-Report_24.txt");
    assert_eq!(with("search: \"24 REP\"").await, "Zz-Report_24.txt");
    assert_eq!(with("search: \"ea\"").await, "éa.txt");
    assert_eq!(with("search: \"port\"").await, "");
    assert_eq!(with("folder: \"twos\"").await, "aa.txt | report (final).csv");
    assert_eq!(with(&format!("ownerId: \"{}\"", learner.user_id)).await, "report (final).csv | Zz-Report_24.txt");
    assert_eq!(with("contentTypes: [\"text/CSV\"]").await, "report (final).csv");
    assert_eq!(with("contentTypes: []").await, "");
    assert_eq!(with("visibilities: [PRIVATE]").await, "aa.txt | éa.txt | report (final).csv | Zz-Report_24.txt");
    assert_eq!(with("visibilities: [TENANT, PUBLIC]").await, "");
    for (filter, line) in [
        ("folder: \"A\"", "BAD_USER_INPUT @filter.folder"),
        ("ownerId: \"x\"", "BAD_USER_INPUT @filter.ownerId"),
        ("courseId: \"x\"", "BAD_USER_INPUT @filter.courseId"),
        ("groupId: \"x\"", "BAD_USER_INPUT @filter.groupId"),
    ] {
        assert_eq!(admin.refused(&format!("{{ files(filter: {{ {filter} }}) {{ totalCount }} }}"), json!({})).await, line);
    }
}

#[tokio::test]
async fn a_course_and_a_group_have_the_files_that_are_shared_with_them_for_those_who_belong_to_them() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let (class, algebra) = (group(&admin, json!({ "name": "7b" })).await, course(&admin, json!({ "title": "Algebra" })).await);
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": class, "userIds": [learner.user_id] } })).await;
    enroll(&admin, &algebra, &learner.user_id).await;
    let (a, b) = (text(&admin, "a.txt").await, text(&admin, "b.txt").await);
    show(&admin, &a, "SHARED", json!({ "courseIds": [algebra] })).await;
    show(&admin, &b, "SHARED", json!({ "groupIds": [class], "userIds": [viewer.user_id] })).await;
    let of = async |client: &Client, filter: String| {
        let files = client.ok(&format!("{{ files(filter: {{ {filter} }}) {{ nodes {{ name }} }} }}"), json!({})).await;
        files["files"]["nodes"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for client in [&admin, &learner] {
        assert_eq!(of(client, format!("courseId: \"{algebra}\"")).await, ["a.txt"]);
        assert_eq!(of(client, format!("groupId: \"{class}\"")).await, ["b.txt"]);
    }
    // One who sees a file by name does not learn with whom else it is shared.
    assert_eq!(of(&viewer, format!("groupId: \"{class}\"")).await, [""; 0]);
}

#[tokio::test]
async fn audiences_and_addresses_of_many_files_cost_what_they_cost_for_one() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    const DOCUMENT: &str = "query($first: Int!) { files(first: $first) { nodes { name download { url expiresAt } publicUrl \
         audience { users { id name } groups { id name } courses { id title } } owner { id name } } } }";
    let class = group(&admin, json!({ "name": "7b" })).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    for number in 0..5 {
        let id = text(&admin, &format!("{number}.txt")).await;
        show(&admin, &id, "SHARED", json!({ "userIds": [admin.user_id], "groupIds": [class], "courseIds": [algebra] })).await;
    }
    let one = app.statements(&admin, DOCUMENT, json!({ "first": 1 })).await;
    let five = app.statements(&admin, DOCUMENT, json!({ "first": 5 })).await;
    // The check of the actor, the page with its owners, and one for people, groups and courses each; addresses cost nothing.
    assert_eq!((one, five), (5, 5));
    let addresses = app.statements(&admin, "{ files(first: 5) { nodes { name download { url } publicUrl } } }", json!({})).await;
    assert_eq!(addresses, 2);
}

#[tokio::test]
async fn a_file_that_is_not_listed_any_more_has_no_place() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    file(&learner, "a.txt", "text/plain", b"a").await;
    let page = learner.ok("{ files { edges { cursor } } }", json!({})).await;
    let cursor: Value = page["files"]["edges"][0]["cursor"].clone();
    let query = "query($at: String) { files(after: $at, orderBy: { field: SIZE, direction: ASC }) { nodes { id } } }";
    assert_eq!(learner.refused(query, json!({ "at": cursor })).await, "BAD_USER_INPUT @after");
}

#[tokio::test]
async fn whoever_sees_few_files_is_not_led_through_all_that_somebody_has_brought() {
    let app = TestApp::start().await;
    let (learner, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO file (tenant_id, id, upload_id, owner_id, name, content_type, size, sha256, folder, object, created_at)
             SELECT '{tenant}', gen_random_uuid(), gen_random_uuid(), '{owner}', 'File ' || n, 'text/plain', n, repeat('0', 64), 'general',
                    'schools/{tenant}/general/' || n, now() - make_interval(mins => n) FROM generate_series(1, 20000) AS n;
         SET session_replication_role = DEFAULT; ANALYZE file",
        tenant = app.oak.tenant,
        owner = uuid(&admin.user_id)
    ))
    .await;
    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let settings = format!(
        "SET ROLE lectern_app; SET plan_cache_mode = force_generic_plan; SET app.user_id = '{}'; SET app.tenant_id = '{}'; SET app.permissions = ''",
        uuid(&learner.user_id),
        app.oak.tenant
    );
    client.batch_execute(&settings).await.unwrap();
    for order in ["NAME", "CREATED_AT", "SIZE"] {
        let document = format!("{{ files(first: 20, orderBy: {{ field: {order}, direction: DESC }}) {{ nodes {{ id }} }} }}");
        let (answer, runs) = app.runs(&learner, &document).await;
        assert!(answer.errors.is_empty(), "{document}: {:?}", answer.errors);
        let sql = runs.iter().map(|run| &run.sql).find(|sql| sql.contains(" FROM file f ")).unwrap();
        client.batch_execute(&format!("DEALLOCATE ALL; PREPARE list AS {sql}")).await.unwrap();
        let count =
            client.query_one("SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'list'", &[]).await.unwrap();
        let nulls = vec!["NULL"; count.get::<_, i32>(0) as usize].join(", ");
        let plan: Vec<String> =
            client.query(&format!("EXPLAIN EXECUTE list({nulls})"), &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let leads_through_all = ["file_name_idx", "file_created_idx", "file_size_idx", "Seq Scan on file "];
        assert!(!plan.iter().any(|line| leads_through_all.iter().any(|all| line.contains(all))), "{order}:\n{}", plan.join("\n"));
    }
}
