//! A school that left another deployment comes here.

use std::{fs::File, path::PathBuf};

use flate2::{Compression, write::GzEncoder};
use lectern_kernel::auth::SigningKey;
use nix::sys::signal::Signal;
use serde_json::json;

use super::{
    keys::{LOGIN, ask, serve},
    operator,
};
use crate::{
    app::{Folder, PASSWORD, TestApp, Who, now},
    departures::{Archive, a_little_life, elsewhere, export},
    doors::outcomes,
    ops::{done, refused},
    orders::{ORDER, Shop},
};

const REPORTS: &str = "query($from: DateTime, $to: DateTime) { reports(from: $from, to: $to) {
    overview { users courses publishedCourses groups enrollments completedEnrollments bookings }
    enrollmentsByStatus { count } bookingsPerDay { count } bookingsByStatus { count } } }";
const SEEN: &str =
    "{ courses { nodes { id title description tags enrollmentCount createdAt } } users { nodes { id name email status roles { key } } }
    groups { nodes { id name } } files { nodes { id name size sha256 owner { id } } } }";

/// The archive as a file.
fn packed(folder: &Folder, archive: &Archive) -> PathBuf {
    std::fs::create_dir_all(&folder.0).unwrap();
    let path = folder.0.join("export.tar.gz");
    let mut tar = tar::Builder::new(GzEncoder::new(File::create(&path).unwrap(), Compression::fast()));
    for (name, bytes) in &archive.entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
    path
}

#[tokio::test]
async fn an_imported_school_has_the_same_ids_the_same_reports_and_its_files() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    let half_a_year = jiff::SignedDuration::from_hours(180 * 24);
    let span = json!({ "from": (now() - half_a_year).to_string(), "to": (now() + half_a_year).to_string() });
    let (reports, seen) = (admin.ok(REPORTS, span.clone()).await, admin.ok(SEEN, json!({})).await);
    let (_, archive) = export(&app, &admin).await;
    let folder = Folder::new("import");
    let path = packed(&folder, &archive);
    let other = elsewhere(&app).await;
    let elms = || async { other.sign_in(&other.elm, Who::Admin).await.ok(SEEN, json!({})).await };
    let of_elm = elms().await;
    let import = |app: &TestApp, arguments: &[&str]| {
        let path = path.to_str().unwrap();
        let arguments = [&["tenant", "import", path], arguments].concat();
        operator(app, &arguments).output().unwrap()
    };

    // Tried first: nothing is kept of that.
    assert!(done(import(&other, &["--dry-run"])).ends_with("Oak School (oak) could be taken: nothing was.\n"));
    assert_eq!(other.count("tenant WHERE slug = 'oak'").await, 0);
    let said = done(import(&other, &[]));
    assert!(said.contains("1 of 1 files have their bytes.") && said.ends_with("Oak School (oak) is here.\n"), "{said}");
    assert!(said.contains("credential") && said.contains("course.enrollment_key"), "what is not in an export is said: {said}");

    // Nothing was sent, made or logged by what came in, and the triggers are on again.
    assert_eq!(other.count(&format!("job WHERE state IN ('QUEUED', 'RUNNING') AND tenant_id = '{}'", other.oak.tenant)).await, 0);
    assert_eq!(other.changes("system:tenant-import").await, 1);
    assert_eq!(other.count("pg_trigger WHERE tgenabled = 'D'").await, 0);

    // Nobody has a password: an administrator is given one, as by a mailed link.
    other
        .sql("INSERT INTO credential (tenant_id, user_id, password_hash) SELECT u.tenant_id, u.id, (SELECT c.password_hash FROM credential c LIMIT 1) FROM app_user u \
              WHERE u.email = 'admin@oak.example'")
        .await;
    let restored = other.sign_in_as(&other.oak, "admin@oak.example", PASSWORD).await;
    assert_eq!(restored.ok(REPORTS, span).await, reports);
    assert_eq!(restored.ok(SEEN, json!({})).await, seen);
    assert_eq!(elms().await, of_elm, "the schools that were there have not changed");
    let said = done(operator(&other, &["files", "check", "--bytes"]).output().unwrap());
    assert!(said.ends_with("1 files are what their rows say.\n"), "{said}");
    // And it lives: what is changed is logged, and triggers do their work.
    restored.ok("mutation { createCourse(input: { title: \"New\" }) { id } }", json!({})).await;
    assert_eq!(
        other.changes("createCourse").await,
        archive.rows("audit_entry").iter().filter(|row| row["operation"] == "createCourse").count() as i64 + 1
    );
}

#[tokio::test]
async fn an_import_is_refused_where_anything_collides_or_is_not_whole() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    let (_, mut archive) = export(&app, &admin).await;
    let folder = Folder::new("import");
    let path = packed(&folder, &archive);
    let import = |app: &TestApp| operator(app, &["tenant", "import", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(refused(import(&app)), "the school is here already, as oak");

    let other = elsewhere(&app).await;
    other.sql("UPDATE tenant SET slug = 'oak' WHERE slug = 'elm'").await;
    assert_eq!(refused(import(&other)), "the slug oak is taken by another school here");
    other.sql("UPDATE tenant SET slug = 'elm' WHERE slug = 'oak'").await;

    // Bytes of somebody else in its place.
    let files = archive.rows("file");
    let object = files.iter().find(|row| row["name"] == "notes.txt").unwrap()["object"].as_str().unwrap().to_owned();
    let place = other.files().join(&object);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, b"Of somebody else").unwrap();
    assert_eq!(refused(import(&other)), format!("{object} lies in the store already, with other bytes"));
    std::fs::remove_file(&place).unwrap();

    // A row that the database does not take: nothing of the school is kept, and no file.
    other.sql("ALTER TABLE course ADD CONSTRAINT planted CHECK (title !~ 'Algebra')").await;
    assert!(refused(import(&other)).starts_with("the rows of course are refused: "));
    assert_eq!((other.count("tenant WHERE slug = 'oak'").await, place.exists()), (0, false));
    other.sql("ALTER TABLE course DROP CONSTRAINT planted").await;

    // A line that was changed.
    let lines = archive.entries.get_mut("tables/course.ndjson").unwrap();
    let changed = String::from_utf8(lines.clone()).unwrap().replace("Algebra", "Alchemy");
    *lines = changed.into_bytes();
    packed(&folder, &archive);
    assert_eq!(refused(import(&other)), "the table course is not what the manifest says");
    assert_eq!(other.count("pg_trigger WHERE tgenabled = 'D'").await, 0);
}

#[tokio::test]
async fn what_was_sold_has_new_codes_and_what_hangs_on_secrets_waits_for_them() {
    let shop = Shop::start(json!({})).await;
    let day = shop.product(json!({ "name": "Day" })).await;
    let order = shop.buy(&shop.lea, &shop.cart(&[(&day, 1)]), "before-it-left").await;
    let read = shop.lea.ok(ORDER, json!({ "id": order["id"] })).await;
    let old = read["order"]["lines"][0]["tickets"][0]["code"].as_str().unwrap().to_owned();
    let (oak, learner) = (shop.app.oak.tenant, "(SELECT id FROM app_user WHERE email = 'learner@oak.example')");
    shop.app
        .sql(&format!(
            "SET session_replication_role = replica;
             UPDATE payment_settings SET providers = '{{MANUAL,STRIPE}}', stripe_secret_key = 'a key', stripe_webhook_secret = 'a secret' WHERE tenant_id = '{oak}';
             INSERT INTO assistant_provider (tenant_id, base_url, key, key_set_at) VALUES ('{oak}', 'https://models.example/v1', 'a key', now());
             INSERT INTO generation (tenant_id, id, kind, state, requested_by_id, client_request_id, request_digest, model, worker)
                 VALUES ('{oak}', gen_random_uuid(), 'COURSE', 'RUNNING', {learner}, 'g1', 'a digest', 'default', gen_random_uuid());
             INSERT INTO conversation (tenant_id, id, owner_id, title) VALUES ('{oak}', gen_random_uuid(), {learner}, 'Words of mine');
             RESET session_replication_role"
        ))
        .await;
    let (_, archive) = export(&shop.app, &shop.admin).await;
    let folder = Folder::new("import");
    let path = packed(&folder, &archive);
    let other = elsewhere(&shop.app).await;
    let said = done(operator(&other, &["tenant", "import", path.to_str().unwrap()]).output().unwrap());
    assert!(said.contains("ticket: 1 have new codes") && said.contains("conversation, message"), "{said}");
    for emptied in ["payment_settings.stripe_secret_key", "assistant_provider.key"] {
        assert!(said.contains(emptied), "{emptied}: {said}");
    }
    let found = "SELECT p.providers::text || ' ' || p.has_stripe_secret_key || ' ' || (a.key_set_at IS NULL) || ' ' || a.base_url || ' ' || g.state FROM payment_settings p \
         JOIN assistant_provider a ON a.tenant_id = p.tenant_id JOIN generation g ON g.tenant_id = p.tenant_id";
    assert_eq!(other.text(found).await.unwrap(), "{MANUAL} false true https://models.example/v1 CANCELLED");
    assert_eq!(other.count(&format!("conversation WHERE tenant_id = '{oak}'")).await, 0);

    other
        .sql("INSERT INTO credential (tenant_id, user_id, password_hash) SELECT u.tenant_id, u.id, (SELECT c.password_hash FROM credential c LIMIT 1) FROM app_user u \
              WHERE u.email IN ('learner@oak.example', 'instructor@oak.example')")
        .await;
    let service = serve(&other, &SigningKey::generate().unwrap().to_text());
    let input = json!({ "i": { "tenant": "oak", "email": "learner@oak.example", "password": PASSWORD } });
    let session = ask(&service, "", LOGIN, input).await["login"].take();
    let read = ask(&service, session["accessToken"].as_str().unwrap(), ORDER, json!({ "id": order["id"] })).await["order"].take();
    assert_eq!((&read["id"], &read["status"]), (&order["id"], &json!("PAID")), "{read:#}");
    let new = read["lines"][0]["tickets"][0]["code"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    service.stop(Signal::SIGTERM);
    let door = other.sign_in(&other.oak, Who::Instructor).await;
    let scans = json!([{ "clientId": "old", "code": old }, { "clientId": "new", "code": new }]);
    assert_eq!(outcomes(&door, &shop.program, scans).await, ["old UNKNOWN", "new ADMITTED"]);
}
