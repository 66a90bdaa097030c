//! Lists by name stand in the order of people, page by page, however many there are.

use lectern_kernel::{db::recorded_statements, ids};
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, enroll, group, walk},
};

/// As people sort them: letters before case, accents last, whatever the bytes say.
const SORTED: [&str; 15] = ["_x", "10", "9", "aa", "Äa", "ab", "Coté", "côte", "Éa", "Ef", "ob", "Öb", "zebra", "Zz", "Жук"];

async fn lists(app: &TestApp, client: &Client) {
    let mut shuffled = SORTED;
    shuffled.reverse();
    shuffled.swap(2, 9);
    for (index, name) in shuffled.into_iter().enumerate() {
        course(client, json!({ "title": name })).await;
        group(client, json!({ "name": name })).await;
        app.sql(&format!(
            "INSERT INTO app_user (tenant_id, id, name, email) VALUES ('{}', gen_random_uuid(), '{name}', 'n{index}@x.example')",
            app.oak.tenant
        ))
        .await;
    }
}

#[tokio::test]
async fn names_are_sorted_as_people_sort_and_paged_without_gaps() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    app.sql("UPDATE app_user SET name = 'Yy' WHERE email LIKE '%@oak.example'").await;
    lists(&app, &admin).await;
    for (list, field, order) in [("courses", "/title", "TITLE"), ("groups", "/name", "NAME"), ("users", "/name", "NAME")] {
        for direction in ["ASC", "DESC"] {
            let mut wanted: Vec<&str> = SORTED.to_vec();
            if list == "users" {
                let at = wanted.iter().position(|name| *name == "zebra").unwrap();
                wanted.splice(at..at, ["Yy"; 4]);
            }
            if direction == "DESC" {
                wanted.reverse();
            }
            let arguments = format!(", orderBy: {{ field: {order}, direction: {direction} }}");
            assert_eq!(walk(&admin, list, &arguments, field).await, wanted, "{list} {direction}");
        }
    }
    for name in ["Zz", "aa", "Éa"] {
        app.sql(&format!("INSERT INTO tenant (tenant_id, slug, name, time_zone) VALUES (gen_random_uuid(), 't' || floor(random() * 1e9), '{name} academy', 'UTC')")).await;
    }
    let (mut schools, mut after) = (Vec::new(), Value::Null);
    while schools.len() < 3 {
        let query = "query($after: String) { publicTenants(first: 1, after: $after, search: \"academy\") { nodes { name } pageInfo { endCursor } } }";
        let page = app.stranger().ok(query, json!({ "after": after })).await["publicTenants"].take();
        schools.push(page["nodes"][0]["name"].clone());
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(schools, ["aa academy", "Éa academy", "Zz academy"]);
}

#[tokio::test]
async fn courses_that_are_equal_in_a_report_stand_by_title_as_people_sort() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for title in ["Zz", "Éa", "ab", "aa"] {
        let id = course(&admin, json!({ "title": title })).await;
        enroll(&admin, &id, &admin.user_id).await;
    }
    let report = admin.ok("{ reports { courseProgress { course { title } } } }", json!({})).await;
    let titles: Vec<&str> =
        report["reports"]["courseProgress"].as_array().unwrap().iter().map(|item| item["course"]["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["aa", "ab", "Éa", "Zz"]);
}

/// A cursor of the order of bytes, as versions before gave it, with the same key and the same format.
#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    let (_, id) = ids::decode(&id).unwrap();
    let value = b"Algebra";
    let mut context = aws_lc_rs::hmac::Context::with_key(&app.engine.services().tokens.cursor_keys()[0]);
    for part in [app.oak.tenant.as_bytes().as_slice(), b"courses", b"TITLE", &[0], id.as_bytes(), value] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let old = data_encoding::BASE64URL_NOPAD.encode(&[&context.sign().as_ref()[..8], id.as_bytes(), value].concat());
    let query = "query($c: String) { courses(first: 1, after: $c) { nodes { title } } }";
    let answer = admin.ask(query, json!({ "c": old })).await;
    assert_eq!(answer["errors"][0]["message"], "`after` is not a cursor of this list in this order.");
    let new = admin.ok("{ courses { pageInfo { endCursor } } }", json!({})).await["courses"]["pageInfo"]["endCursor"].take();
    assert_eq!(new.as_str().unwrap().len(), old.len());
    admin.ok(query, json!({ "c": new })).await;
}

/// Pages far from the beginning are read from their cursor on, in both directions, at a hundred thousand names.
#[tokio::test]
async fn a_page_by_name_reads_its_index_at_a_hundred_thousand_rows() {
    let app = TestApp::start().await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO course (tenant_id, id, title, status) SELECT '{0}', gen_random_uuid(), (ARRAY['é','E','z','Ä'])[1 + n % 4] || n / 2, 'PUBLISHED' FROM generate_series(1, 100000) n;
         INSERT INTO app_user (tenant_id, id, name, email) SELECT '{0}', gen_random_uuid(), (ARRAY['é','E','z','Ä'])[1 + n % 4] || n / 2, 'x' || n || '@x.example' FROM generate_series(1, 100000) n",
        app.oak.tenant
    ))
    .await;
    app.sql("VACUUM ANALYZE course, app_user").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (list, field) in [("courses", "title"), ("users", "name")] {
        for (size, start) in [("first", "after"), ("last", "before")] {
            let page =
                admin.ok(&format!("{{ {list}({size}: 100) {{ pageInfo {{ startCursor endCursor }} }} }}"), json!({})).await[list].take();
            let cursor = &page["pageInfo"][if size == "first" { "endCursor" } else { "startCursor" }];
            admin.ok(&format!("{{ {list}({size}: 20, {start}: {cursor}) {{ nodes {{ {field} }} }} }}"), json!({})).await;
        }
    }
    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let settings = format!(
        "SET ROLE lectern_app; SET plan_cache_mode = force_generic_plan; SET app.user_id = '{}'; SET app.tenant_id = '{}'; \
         SET app.permissions = ',USER_READ,COURSE_READ,COURSE_UPDATE_ALL,'",
        uuid::Uuid::nil(),
        app.oak.tenant
    );
    client.batch_execute(&settings).await.unwrap();
    let mut seen = 0;
    for sql in recorded_statements() {
        let by_name = [" FROM course c", " FROM app_user u"].iter().any(|from| sql.contains(from))
            && sql.contains("COLLATE \"und-x-icu\"")
            && !sql.contains("motto");
        // The cursor is bound last, with nothing but the tenant before it.
        if !by_name || !sql.contains("($2::text::text, $3::uuid)") || sql.contains("page_") {
            continue;
        }
        seen += 1;
        client.batch_execute(&format!("DEALLOCATE ALL; PREPARE list AS {sql}")).await.unwrap();
        let explain =
            format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE list('{}', 'É25000', '{}')", app.oak.tenant, uuid::Uuid::nil());
        let plan: Value = client.query_one(&explain, &[]).await.unwrap().get(0);
        let text = plan.to_string();
        assert!(text.contains("_name_idx") || text.contains("_title_idx"), "{sql}\n{plan:#}");
        assert!(!text.contains("\"Sort\"") && !text.contains("Seq Scan"), "{sql}\n{plan:#}");
        let blocks = plan[0]["Plan"]["Shared Hit Blocks"].as_i64().unwrap() + plan[0]["Plan"]["Shared Read Blocks"].as_i64().unwrap();
        assert!(blocks < 400, "{blocks} blocks\n{sql}\n{plan:#}");
    }
    assert!(seen >= 4, "{seen} pages after a cursor");
}
