//! Text is one text however it was typed: names, passwords and email addresses.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use lectern::{http::HttpOptions, ops::sources};
use lectern_kernel::db::migrate::{Options, migrate};
use serde_json::{Value, json};

use crate::{
    app::{Client, PASSWORD, TestApp, Who, refusal},
    classroom::{CREATE_COURSE, CREATE_GROUP, course, nothing, uuid},
};

const ADD: &str = "mutation($i: CreateUserInput!) { createUser(input: $i) { id name email } }";
const UPDATE: &str = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { email } }";
const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }";
const APART: &str = "Cafe\u{301} Do\u{308}ring";
const COMPOSED: &str = "Café Döring";

fn person(email: &str) -> Value {
    json!({ "i": { "email": email, "name": "Ada", "password": PASSWORD, "roleKeys": ["LEARNER"] } })
}

fn credentials(email: &str, password: &str) -> Value {
    json!({ "i": { "tenant": "oak", "email": email, "password": password } })
}

async fn signs_in(app: &TestApp, email: &str, password: &str) -> bool {
    let answer = app.stranger().ask(LOGIN, credentials(email, password)).await;
    answer["data"]["login"]["accessToken"].is_string()
}

#[tokio::test]
async fn what_is_typed_in_parts_is_kept_whole() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "title": APART, "description": APART, "tags": [APART], "enrollmentKey": APART });
    let create = "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id title description tags } }";
    let made = admin.ok(create, json!({ "i": input })).await["createCourse"].take();
    let tag = COMPOSED.to_lowercase();
    assert_eq!((&made["title"], &made["description"], &made["tags"]), (&json!(COMPOSED), &json!(COMPOSED), &json!([tag])));
    admin.ok("mutation($id: ID!) { publishCourse(id: $id) { id } }", json!({ "id": made["id"] })).await;
    let section = "mutation($i: CreateSectionInput!) { createSection(input: $i) { title } }";
    assert_eq!(admin.ok(section, json!({ "i": { "courseId": made["id"], "title": APART } })).await["createSection"]["title"], COMPOSED);
    for tag in [COMPOSED, APART] {
        let found = "query($t: String) { courses(filter: { tag: $t }) { totalCount } }";
        assert_eq!(admin.ok(found, json!({ "t": tag })).await["courses"]["totalCount"], 1);
    }
    let group = "mutation($i: CreateGroupInput!) { createGroup(input: $i) { name description } }";
    let group = admin.ok(group, json!({ "i": { "name": APART, "description": APART } })).await;
    assert_eq!(group["createGroup"], json!({ "name": COMPOSED, "description": COMPOSED }));
    let input = json!({ "i": { "email": "doring@oak.example", "name": APART, "roleKeys": ["LEARNER"] } });
    assert_eq!(admin.ok(ADD, input).await["createUser"]["name"], COMPOSED);
    let role = "mutation($i: CreateRoleInput!) { createRole(input: $i) { name } }";
    assert_eq!(admin.ok(role, json!({ "i": { "key": "XX", "name": APART, "permissions": [] } })).await["createRole"]["name"], COMPOSED);
    // Length is counted in what is kept.
    course(&admin, json!({ "title": "e\u{301}".repeat(200) })).await;
    // An enrollment key that an older version kept in parts is the same key.
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    app.sql(&format!(
        "UPDATE course SET enrollment_key = '{APART}', tags = ARRAY['{}'] WHERE enrollment_key IS NOT NULL",
        APART.to_lowercase()
    ))
    .await;
    assert_eq!(
        admin.ok("query($t: String) { courses(filter: { tag: $t }) { totalCount } }", json!({ "t": COMPOSED })).await["courses"]["totalCount"],
        1
    );
    let enroll = "mutation($i: EnrollInput!) { enroll(input: $i) { status } }";
    learner.ok(enroll, json!({ "i": { "courseId": made["id"], "enrollmentKey": COMPOSED } })).await;
}

#[tokio::test]
async fn characters_that_nobody_sees_are_refused_in_names_titles_and_emails() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let unseen =
        ['\u{AD}', '\u{61C}', '\u{200B}', '\u{200E}', '\u{200F}', '\u{202A}', '\u{202E}', '\u{2060}', '\u{2066}', '\u{2069}', '\u{FEFF}'];
    for letter in unseen {
        let name = format!("A{letter}da");
        for (mutation, input, field) in [
            (CREATE_COURSE, json!({ "title": name }), "title"),
            (CREATE_COURSE, json!({ "title": "Fine", "tags": [name] }), "tags.0"),
            (CREATE_GROUP, json!({ "name": name }), "name"),
            (ADD, json!({ "name": name, "email": "ada@oak.example", "roleKeys": ["LEARNER"] }), "name"),
            (ADD, json!({ "name": "Ada", "email": format!("a{letter}da@oak.example"), "roleKeys": ["LEARNER"] }), "email"),
            (ADD, json!({ "name": "Ada", "email": format!("ada@o{letter}ak.example"), "roleKeys": ["LEARNER"] }), "email"),
        ] {
            let answer = admin.ask(mutation, json!({ "i": input })).await;
            let said = format!("`{field}` must not contain characters that nobody sees: U+{:04X} stands in it.", u32::from(letter));
            assert_eq!(answer["errors"][0]["message"], said, "{input}");
            assert_eq!(answer["errors"][0]["extensions"]["field"], field);
        }
        // At the ends as well, where blanks would be cut off.
        assert_eq!(admin.refused(CREATE_COURSE, json!({ "i": { "title": format!("Ada{letter}") } })).await, "BAD_USER_INPUT @title");
        // In a long text they may stand.
        course(&admin, json!({ "title": "Fine", "description": name })).await;
    }
    // Persian and emoji are written with joiners.
    for name in ["می\u{200C}خواهم", "👩\u{200D}🚀 Ada", "क्\u{200D}ष"] {
        let id = course(&admin, json!({ "title": name })).await;
        let title = admin.ok("query($id: ID!) { course(id: $id) { title } }", json!({ "id": id })).await["course"]["title"].take();
        assert_eq!(title, name);
    }
    for email in ["a\u{200C}da@oak.example", "ada@oa\u{200D}k.example"] {
        assert_eq!(admin.refused(ADD, person(email)).await, "BAD_USER_INPUT @email");
    }
}

#[tokio::test]
async fn a_password_is_one_however_its_accents_are_typed() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (apart, composed) = ("gru\u{308}ne Pa\u{308}sse 7 Ho\u{308}he", "grüne Pässe 7 Höhe");
    for (email, password) in [("one@oak.example", apart), ("two@oak.example", composed)] {
        let input = json!({ "i": { "email": email, "name": "Ada", "password": password, "roleKeys": ["LEARNER"] } });
        admin.ok(ADD, input).await;
        for typed in [apart, composed] {
            assert!(signs_in(&app, email, typed).await, "{email} {typed}");
        }
        assert!(!signs_in(&app, email, "grune Passe 7 Hohe").await);
    }
    let one = app.sign_in_as(&app.oak, "one@oak.example", composed).await;
    let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken refreshToken viewer { user { id } } } }";
    let same = json!({ "i": { "currentPassword": composed, "newPassword": apart } });
    assert_eq!(one.refused(change, same).await, "BAD_USER_INPUT @newPassword");
    // Nine characters are too few, however many code points they are typed with.
    let short = json!({ "i": { "currentPassword": apart, "newPassword": "o\u{308}".repeat(9) } });
    assert_eq!(one.refused(change, short).await, "BAD_USER_INPUT @newPassword");
    one.ok(change, json!({ "i": { "currentPassword": apart, "newPassword": "violet Sta\u{308}ple orbit 7" } })).await;
    assert!(signs_in(&app, "one@oak.example", "violet Stäple orbit 7").await);
}

#[tokio::test]
async fn a_hash_that_was_made_before_still_signs_in_and_is_made_anew_then() {
    let app = TestApp::start().await;
    let (apart, composed) = ("gru\u{308}ne Pa\u{308}sse", "grüne Pässe");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None).unwrap());
    let hash = argon2.hash_password(apart.as_bytes()).unwrap().to_string();
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let of = format!("user_id = '{}'", uuid(&learner.user_id));
    app.sql(&format!("UPDATE credential SET password_hash = '{hash}' WHERE {of}")).await;
    let email = app.oak.email(Who::Learner);
    let read = async || app.text(&format!("SELECT password_hash FROM credential WHERE {of}")).await.unwrap();
    assert!(!signs_in(&app, &email, composed).await, "nobody knows yet that it is the same");
    assert!(!signs_in(&app, &email, "grune Passe").await);
    assert_eq!(read().await, hash, "a failure changes nothing");
    assert!(signs_in(&app, &email, apart).await);
    let anew = read().await;
    assert_ne!(anew, hash);
    for typed in [composed, apart] {
        assert!(signs_in(&app, &email, typed).await);
    }
    assert_eq!(read().await, anew, "once is enough");
    // The other sign-ins of the person go on.
    learner.ok("{ viewer { user { id } } }", json!({})).await;
    assert_eq!(app.text(&format!("SELECT token_version::text FROM app_user WHERE id = '{}'", uuid(&learner.user_id))).await.unwrap(), "0");
}

#[tokio::test]
async fn an_email_address_is_kept_as_typed_and_is_one_in_every_spelling() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let spellings =
        ["Jo\u{308}rg@Bu\u{308}cher.example", "JÖRG@BÜCHER.EXAMPLE", "jörg@xn--bcher-kva.example", " jörg@XN--BCHER-KVA.example "];
    let made = admin.ok(ADD, person(" Jörg@Bücher.Example ")).await["createUser"].take();
    assert_eq!(made["email"], "Jörg@Bücher.Example");
    for spelling in spellings {
        assert_eq!(admin.refused(ADD, person(spelling)).await, "CONFLICT EMAIL_TAKEN @email", "{spelling}");
        assert!(signs_in(&app, spelling, PASSWORD).await, "{spelling}");
    }
    for other in ["jorg@bücher.example", "jörg@bucher.example"] {
        assert!(!signs_in(&app, other, PASSWORD).await, "{other}");
        admin.ok(ADD, person(other)).await;
    }
    // Another spelling of the own address is no other address; and somebody else's stays theirs.
    for spelling in ["jörg@xn--bcher-kva.example", "Jörg@bücher.example", "jörg@BÜCHER.example"] {
        admin.ok(UPDATE, json!({ "i": { "id": made["id"], "email": spelling } })).await;
        for typed in spellings {
            assert!(signs_in(&app, typed, PASSWORD).await, "{typed} of {spelling}");
        }
        assert_eq!(admin.refused(ADD, person("jörg@xn--bcher-kva.example")).await, "CONFLICT EMAIL_TAKEN @email");
    }
    let move_in = json!({ "i": { "id": admin.user_id, "email": "JÖRG@xn--bcher-kva.example" } });
    assert_eq!(admin.refused(UPDATE, move_in).await, "CONFLICT EMAIL_TAKEN @email");
    admin.ok(UPDATE, json!({ "i": { "id": made["id"], "email": "jörg@oak.example" } })).await;
    assert!(!signs_in(&app, spellings[0], PASSWORD).await && signs_in(&app, "JÖRG@oak.example", PASSWORD).await);
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": made["id"] })).await;
    admin.ok(ADD, person("jörg@oak.example")).await;
    // Another school has its own Jörg.
    app.sign_in(&app.elm, Who::Admin).await.ok(ADD, person("jörg@oak.example")).await;
}

#[tokio::test]
async fn what_is_no_email_address_is_refused() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for wrong in [
        "a..b@oak.example",
        ".a@oak.example",
        "a.@oak.example",
        "a@-oak.example",
        "a@oak-.example",
        "a@oak..example",
        "a@oak.example.",
        "a@o_k.example",
        "a@@oak.example",
        "a@xn--a.example",
    ] {
        let answer = admin.ask(ADD, person(wrong)).await;
        assert_eq!(answer["errors"][0]["message"], "`email` must be an email address such as name@example.org.", "{wrong}");
    }
    assert_eq!(
        admin.refused(UPDATE, json!({ "i": { "id": nothing("user"), "email": "a..b@oak.example" } })).await,
        "BAD_USER_INPUT @email"
    );
    for right in ["a.b-c+d_e@oak-1.example", "o'neil@oak.example", "δοκιμή@παράδειγμα.example", "a@xn--bcher-kva.example"] {
        let made = admin.ok(ADD, person(right)).await["createUser"].take();
        assert_eq!(made["email"], right);
        assert!(signs_in(&app, right, PASSWORD).await, "{right}");
    }
}

#[tokio::test]
async fn failed_sign_ins_count_for_the_address_in_every_spelling() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=2"], HttpOptions::default()).await;
    let stranger: Client = app.stranger();
    for email in ["ada@bücher.example", "ADA@xn--bcher-kva.example"] {
        assert_eq!(stranger.refused(LOGIN, credentials(email, PASSWORD)).await, "UNAUTHENTICATED");
    }
    assert_eq!(stranger.refused(LOGIN, credentials("Ada@BÜCHER.example", PASSWORD)).await, "RATE_LIMITED");
}

/// One of each thing that has a name.
struct Named {
    course: String,
    section: Value,
    group: String,
    role: Value,
    user: Value,
}

const CREATE_SECTION: &str = "mutation($i: CreateSectionInput!) { createSection(input: $i) { id } }";
const CREATE_ROLE: &str = "mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }";
const UPDATE_COURSE: &str = "mutation($i: UpdateCourseInput!) { named: updateCourse(input: $i) { name: title } }";

impl Named {
    async fn make(admin: &Client) -> Named {
        let course = course(admin, json!({ "title": "Algebra" })).await;
        let section = admin.ok(CREATE_SECTION, json!({ "i": { "courseId": course, "title": "One" } })).await["createSection"]["id"].take();
        let group = crate::classroom::group(admin, json!({ "name": "Owls" })).await;
        let role = json!({ "i": { "key": "CLERK", "name": "Clerk", "permissions": [] } });
        let role = admin.ok(CREATE_ROLE, role).await["createRole"]["id"].take();
        let user = admin.ok(ADD, person("ada@oak.example")).await["createUser"]["id"].take();
        Named { course, section, group, role, user }
    }

    /// What gives each of them this name, and the field that it stands in.
    fn renames(&self, name: &str) -> Vec<(&'static str, Value, &'static str)> {
        vec![
            (UPDATE_COURSE, json!({ "id": self.course, "title": name }), "title"),
            (
                "mutation($i: UpdateSectionInput!) { named: updateSection(input: $i) { name: title } }",
                json!({ "id": self.section, "title": name }),
                "title",
            ),
            (
                "mutation($i: UpdateGroupInput!) { named: updateGroup(input: $i) { name } }",
                json!({ "id": self.group, "name": name }),
                "name",
            ),
            ("mutation($i: UpdateRoleInput!) { named: updateRole(input: $i) { name } }", json!({ "id": self.role, "name": name }), "name"),
            ("mutation($i: UpdateUserInput!) { named: updateUser(input: $i) { name } }", json!({ "id": self.user, "name": name }), "name"),
        ]
    }
}

#[tokio::test]
async fn what_is_renamed_in_parts_is_kept_whole() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let named = Named::make(&admin).await;
    for (mutation, input, _) in named.renames(APART) {
        assert_eq!(admin.ok(mutation, json!({ "i": input })).await["named"]["name"], COMPOSED, "{mutation}");
    }
    let email = json!({ "i": { "id": named.user, "email": " Do\u{308}ring@Bu\u{308}cher.Example " } });
    assert_eq!(admin.ok(UPDATE, email).await["updateUser"]["email"], "Döring@Bücher.Example");
}

#[tokio::test]
async fn what_nobody_sees_is_refused_in_a_change_as_well_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let named = Named::make(&admin).await;
    let before = app.count("audit_entry WHERE outcome = 'CHANGED'").await;
    let unseen = ['\u{AD}', '\u{61C}', '\u{200B}', '\u{200E}', '\u{200F}', '\u{FEFF}'];
    for letter in unseen.into_iter().chain('\u{202A}'..='\u{202E}').chain('\u{2060}'..='\u{2069}') {
        let name = format!("A{letter}da");
        let mut changes = vec![(UPDATE_COURSE, json!({ "id": named.course, "title": name }), "title")];
        // One of each range in every place.
        if matches!(letter, '\u{202C}' | '\u{2065}') {
            changes = named.renames(&name);
            changes.extend([
                (UPDATE_COURSE, json!({ "id": named.course, "tags": ["fine", name] }), "tags.1"),
                (UPDATE, json!({ "id": named.user, "email": format!("a{letter}da@oak.example") }), "email"),
                (CREATE_SECTION, json!({ "courseId": named.course, "title": name }), "title"),
                (CREATE_ROLE, json!({ "key": "OTHER", "name": name, "permissions": [] }), "name"),
            ]);
        }
        for (mutation, input, field) in changes {
            let answer = admin.ask(mutation, json!({ "i": input })).await;
            let said = format!("`{field}` must not contain characters that nobody sees: U+{:04X} stands in it.", u32::from(letter));
            assert_eq!(answer["errors"][0]["message"], said, "{mutation} {input}");
            assert_eq!(refusal(&answer["errors"][0]), format!("BAD_USER_INPUT @{field}"), "{mutation}");
        }
    }
    assert_eq!(app.count("audit_entry WHERE outcome = 'CHANGED'").await, before);
    for (mutation, input, _) in named.renames("می\u{200C}خواهم 👩\u{200D}🚀") {
        assert_eq!(admin.ok(mutation, json!({ "i": input })).await["named"]["name"], "می\u{200C}خواهم 👩\u{200D}🚀", "{mutation}");
    }
}

/// A database as versions before left it: addresses without keys, of which some turn out to be one.
#[tokio::test]
async fn migrate_gives_old_addresses_their_keys_and_lists_those_that_collide() {
    let app = TestApp::start().await;
    let hash = app.text("SELECT password_hash FROM credential LIMIT 1").await.unwrap();
    let old = [
        (1, "ada@bücher.example"),
        (2, "ADA@xn--bcher-kva.example"),
        (3, "Grace@Müller.example"),
        (4, "a..b@oak.example"),
        (5, "old@xn--a.example"),
    ];
    for (n, email) in old {
        app.sql(&format!(
            "INSERT INTO app_user (tenant_id, id, name, email) VALUES ('{0}', '00000000-0000-7000-8000-00000000000{n}', 'Old', '{email}');
             INSERT INTO credential (tenant_id, user_id, password_hash) VALUES ('{0}', '00000000-0000-7000-8000-00000000000{n}', '{hash}');
             INSERT INTO user_role (tenant_id, user_id, role_id) SELECT '{0}', '00000000-0000-7000-8000-00000000000{n}', r.id FROM role r WHERE r.tenant_id = '{0}' AND r.key = 'LEARNER'",
            app.oak.tenant
        ))
        .await;
    }
    app.sql("UPDATE app_user SET email_key = NULL").await;
    let changes = app.count("audit_entry").await;
    for (n, _) in &old[..3] {
        // Before they have keys they sign in as they did.
        assert!(signs_in(&app, &old[*n - 1].1.to_lowercase(), PASSWORD).await, "{n}");
    }
    app.sql(&format!(r#"ALTER DATABASE "{}" OWNER TO lectern_owner"#, app.database.name)).await;
    let run = async || migrate(&app.database.url("lectern_owner"), sources::embedded().unwrap(), Options::default()).await.unwrap();
    let report = run().await;
    let line = "In the school oak, ada@bücher.example and ADA@xn--bcher-kva.example are one email address: \
                both still sign in as before; change one of them.";
    assert_eq!(report.notes, [line]);
    assert!(lectern::ops::migrated(&report).contains(line), "{report:?}");
    assert!(report.rows.contains(&("The comparison of email addresses".to_owned(), 11)), "{:?}", report.rows);
    assert_eq!(app.count("app_user WHERE email_key IS NULL").await, 2, "the one that collides, and the one that is none");
    assert_eq!(app.count("audit_entry WHERE operation = 'system:migrate'").await, 0);
    assert!(app.count("audit_entry").await >= changes);

    let id = async |email: &str| app.sign_in_as(&app.oak, email, PASSWORD).await.user_id;
    assert!(id("ada@bücher.example").await.ends_with('1') && id("Ada@bücher.example").await.ends_with('1'));
    assert!(id("ada@xn--bcher-kva.example").await.ends_with('2'));
    for email in ["grace@müller.example", "GRACE@MÜLLER.example", "grace@xn--mller-kva.example"] {
        assert!(id(email).await.ends_with('3'), "{email}");
    }
    assert!(signs_in(&app, "A..B@oak.example", PASSWORD).await && signs_in(&app, "old@xn--a.example", PASSWORD).await);
    // It is said until it is mended.
    assert_eq!(run().await.notes, [line]);
    app.sql("UPDATE app_user SET email = 'ada2@bücher.example' WHERE email = 'ada@bücher.example'").await;
    let report = run().await;
    assert_eq!((report.notes.len(), report.rows.iter().map(|(_, rows)| rows).sum::<u64>()), (0, 1), "{report:?}");
    assert!(id("ADA2@xn--bcher-kva.example").await.ends_with('1'));
}

/// Who writes past the service says no key: the database takes the address in lower case, or leaves it to the next migrate.
#[tokio::test]
async fn an_address_that_is_written_past_the_service_has_the_right_key_or_none() {
    let app = TestApp::start().await;
    let one = "email ILIKE 'l%' AND tenant_id = (SELECT tenant_id FROM tenant WHERE slug = 'oak')";
    for (email, key) in [
        ("LearnÉR@Oak.example", Some("learnér@oak.example")),
        ("learner@bücher.example", None),
        ("lEARNER@xn--bcher-kva.example", Some("learner@xn--bcher-kva.example")),
        ("learner@bücher.example", Some("learner@xn--bcher-kva.example")),
        ("lady@bücher.example", None),
    ] {
        app.sql(&format!("UPDATE app_user SET email = '{email}' WHERE {one}")).await;
        assert_eq!(app.text(&format!("SELECT email_key FROM app_user WHERE {one}")).await.as_deref(), key, "{email}");
    }
}
