//! Words are found as they are written: text and search are split and folded alike, in every list that is searched.

use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, walk},
};

const ADD_USER: &str = "mutation($i: CreateUserInput!) { createUser(input: $i) { id } }";
const ADD_GROUP: &str = "mutation($i: CreateGroupInput!) { createGroup(input: $i) { id } }";

/// Text as an old Mac writes it: each accent apart from its letter.
fn apart(text: &str) -> String {
    text.replace('é', "e\u{301}").replace('ö', "o\u{308}").replace('ü', "u\u{308}").replace('が', "か\u{3099}")
}

async fn found(client: &Client, list: &str, search: &str, field: &str) -> Vec<String> {
    walk(client, list, &format!(", filter: {{ search: {} }}", json!(search)), field).await
}

#[tokio::test]
async fn courses_are_found_by_their_own_titles_and_by_each_word_of_them() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let titles = [
        ("Intake 2026-11", vec!["2026-11", "intake 2026", "11 2026", "INTAKE-2026"]),
        ("Servers with node.js", vec!["node.js", "node", "js", "nod.j"]),
        ("Room 2.14", vec!["2.14", "room 14", "room-2"]),
        ("Part 91.175 in practice", vec!["91.175", "175"]),
        ("IFR/VFR", vec!["vfr", "ifr/v", "vfr ifr"]),
        ("Transition C172/PA28", vec!["c172/pa28", "pa28", "C172"]),
        ("Using <Suspense> today", vec!["suspense", "<Suspense>", "using <Suspense> today"]),
        ("TCP/IP", vec!["ip", "tcp/ip", "tcp ip"]),
        ("Mac 'n' Cheese: cooking, 101_b", vec!["cheese", "101", "'n' cheese", "101_b"]),
        ("Café Döring", vec!["cafe", "doring", "CAFÉ", "Döring", "cafe\u{301}", "do\u{308}ring"]),
        ("Straßenverkehr", vec!["strasse", "STRASSENVERKEHR", "straß"]),
        ("Ο Οδυσσεύς", vec!["ΟΔΥΣΣΕΥΣ", "οδυσσευσ", "Οδυσσεύς", "οδυσ"]),
        ("Søren i Łódź", vec!["soren", "lodz", "ŁÓDŹ"]),
        ("İstanbul", vec!["istanbul", "ISTANBUL", "İstan"]),
        ("東京大学入門", vec!["京大", "大学", "入門", "門", "東京大学", "学"]),
        ("はじめての日本語がわかる2年A組", vec!["日本語", "語が", "組", "a組", "わかる", "2年"]),
        ("カタカナ講座", vec!["ｶﾀｶﾅ", "タカ", "講座"]),
        ("ภาษาไทยเบื้องต้น", vec!["ไทย", "ภาษา", "เบื้องต้น"]),
        ("한국어 입문", vec!["한국어", "입문", "한국"]),
        ("कक्षा हिन्दी", vec!["हिन्दी", "कक्षा"]),
        ("می‌خواهم بخوانم", vec!["میخواهم", "می‌خواهم"]),
    ];
    for (title, _) in &titles {
        course(&admin, json!({ "title": title })).await;
    }
    for (title, searches) in &titles {
        for search in searches.iter().copied().chain([*title]) {
            assert_eq!(found(&admin, "courses", search, "/title").await, [*title], "{search}");
            assert_eq!(found(&admin, "courses", &apart(search), "/title").await, [*title], "{search} in parts");
        }
    }
    for search in ["%", "_", "%%", "ntake", "学大", "*", "Str*e"] {
        assert_eq!(found(&admin, "courses", search, "/title").await, [""; 0], "{search}");
    }
    // What stands in the database in parts, written by an older version, is found whole.
    app.sql(&format!("UPDATE course SET title = '{}' WHERE title = 'Café Döring'", apart("Café Döring"))).await;
    for search in ["cafe", "Café", "döring", "doring"] {
        assert_eq!(found(&admin, "courses", search, "/title").await, [apart("Café Döring")], "{search}");
    }
}

#[tokio::test]
async fn descriptions_people_and_groups_are_split_the_same_way() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let long = format!("Uses node.js, soft\u{ad}hyphens and {}", "x".repeat(3000));
    course(&admin, json!({ "title": "One", "description": long })).await;
    for search in ["js", "softhyphen", "node.js", &"x".repeat(150)] {
        assert_eq!(found(&admin, "courses", search, "/title").await, ["One"], "{search}");
    }
    for (name, email) in [("Müller/Schmidt", "office+it@schule-nord.example"), ("Anna-Lena O’Brien", "al_obrien@oak.example")] {
        admin.ok(ADD_USER, json!({ "i": { "name": name, "email": email, "roleKeys": ["LEARNER"] } })).await;
    }
    for (search, name) in [
        ("schmidt", "Müller/Schmidt"),
        ("muller", "Müller/Schmidt"),
        ("Müller/Schmidt", "Müller/Schmidt"),
        ("nord", "Müller/Schmidt"),
        ("it@schule", "Müller/Schmidt"),
        ("office+it@schule-nord.example", "Müller/Schmidt"),
        ("brien", "Anna-Lena O’Brien"),
        ("o'brien", "Anna-Lena O’Brien"),
        ("lena", "Anna-Lena O’Brien"),
        ("al_obrien", "Anna-Lena O’Brien"),
    ] {
        assert_eq!(found(&admin, "users", search, "/name").await, [name], "{search}");
    }
    admin.ok(ADD_GROUP, json!({ "i": { "name": "Klasse 7b/8b", "description": "Prüfung: IFR/VFR" } })).await;
    for search in ["8b", "7b/8b", "prufung", "vfr"] {
        assert_eq!(found(&admin, "groups", search, "/name").await, ["Klasse 7b/8b"], "{search}");
    }
}

#[tokio::test]
async fn schools_are_found_by_the_same_words_and_wildcards_are_letters() {
    let app = TestApp::start().await;
    app.sql(
        "SET app.audit = 'off';
         INSERT INTO tenant (tenant_id, slug, name, time_zone) VALUES
             ('00000000-0000-7000-8000-000000000001', 'nord-7', 'Flugschule Müller/Schmidt', 'Europe/Berlin'),
             ('00000000-0000-7000-8000-000000000002', 'todai', '東京大学', 'Asia/Tokyo');
         RESET app.audit",
    )
    .await;
    let stranger = app.stranger();
    for (search, slugs) in [
        ("schmidt", vec!["nord-7"]),
        ("MULLER", vec!["nord-7"]),
        ("nord-7", vec!["nord-7"]),
        ("7", vec!["nord-7"]),
        ("京大", vec!["todai"]),
        ("%", vec![]),
        ("_", vec![]),
        ("n%d", vec![]),
    ] {
        let query = "query($s: String) { publicTenants(search: $s) { totalCount nodes { slug } } }";
        let answer = stranger.ok(query, json!({ "s": search })).await["publicTenants"].take();
        let listed: Vec<&str> = answer["nodes"].as_array().unwrap().iter().map(|school| school["slug"].as_str().unwrap()).collect();
        assert_eq!(listed, slugs, "{search}");
        assert_eq!(answer["totalCount"], slugs.len());
    }
}

/// The functions of lectern_definer search past the wall: their plans are of them alone.
#[tokio::test]
async fn a_search_reads_its_index_at_a_hundred_thousand_rows() {
    let app = TestApp::start().await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO course (tenant_id, id, title, status) SELECT '{oak}', gen_random_uuid(), 'Intake ' || n || '-' || n % 12, 'PUBLISHED' FROM generate_series(1, 100000) n;
         INSERT INTO course (tenant_id, id, title, status) SELECT '{elm}', gen_random_uuid(), '東京' || n, 'PUBLISHED' FROM generate_series(1, 1000) n;
         INSERT INTO course (tenant_id, id, title, status) VALUES ('{oak}', gen_random_uuid(), '東京大学入門', 'PUBLISHED')",
        oak = app.oak.tenant,
        elm = app.elm.tenant
    ))
    .await;
    app.sql("VACUUM ANALYZE course").await;
    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let settings =
        format!("SET ROLE lectern_definer; SET search_path = pg_catalog, public, pg_temp; SET app.tenant_id = '{}'", app.oak.tenant);
    client.batch_execute(&settings).await.unwrap();
    client.batch_execute("PREPARE found(tsquery) AS SELECT c.id FROM course c WHERE c.tenant_id = app.tenant_id() AND c.search @@ $1 AND c.deleted_at IS NULL").await.unwrap();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        for (search, rows, most) in [("intake 77777", 1, 500), ("2026-10", 2, 500), ("京大", 1, 20), ("no such", 0, 20)] {
            client.batch_execute(&format!("SET plan_cache_mode = {mode}")).await.unwrap();
            let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE found(app.prefix_query('{search}'))");
            let plan: Value = client.query_one(&explain, &[]).await.unwrap().get(0);
            let plan = &plan[0]["Plan"];
            let blocks = plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap();
            assert!(!plan.to_string().contains("Seq Scan"), "{search}: {plan:#}");
            assert_eq!(plan["Actual Rows"].as_f64().unwrap() as i64, rows, "{search}");
            assert!(blocks <= most, "{search} touches {blocks} blocks: {plan:#}");
        }
    }
}
