//! A disaster, and the way back, as docs/operations/backup.md goes it: a backup under load, the machine lost, everything restored to a moment.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{Cluster, NEVER, key, ledger::Load, serve, sign_in};
use crate::{
    app::Folder,
    files::{declared, sha256},
    ops::{done, lectern, refused},
    serve::Served,
};

const COURSE: &str = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";

/// A script of the repository.
fn script(name: &str, arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name);
    done(Command::new(script).args(arguments).output().unwrap());
}

/// What there is of each school: a hash of all rows of every table. Counters that no backup holds (unlogged) are left out.
async fn fingerprints(cluster: &Cluster) -> Vec<(String, String)> {
    let superuser = cluster.superuser("lectern").await;
    let tables = "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p' ORDER BY 1";
    let mut found = Vec::new();
    for table in superuser.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        let rows =
            format!("SELECT tenant_id::text, md5(string_agg(t::text, '|' ORDER BY t::text)) FROM public.{table} t GROUP BY 1 ORDER BY 1");
        for row in superuser.query(&rows, &[]).await.unwrap() {
            let (school, hash): (String, String) = (row.get(0), row.get(1));
            found.push((format!("{table} of {school}"), hash));
        }
    }
    found
}

async fn ask(service: &Served, token: &str, query: &str, variables: Value) -> Value {
    let http = reqwest::Client::builder().timeout(NEVER).build().unwrap();
    let body = json!({ "query": query, "variables": variables });
    let answer: Value =
        http.post(format!("{}/graphql", service.url)).bearer_auth(token).json(&body).send().await.unwrap().json().await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].clone()
}

/// A file of the administrator; its id.
async fn file(service: &Served, token: &str, name: &str, bytes: &[u8]) -> String {
    let begun = ask(service, token, crate::files::CREATE, json!({ "i": declared(name, "text/plain", bytes) })).await["createUpload"].take();
    let mut request = reqwest::Client::new().put(begun["url"].as_str().unwrap()).body(bytes.to_vec());
    for header in begun["headers"].as_array().unwrap() {
        request = request.header(header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
    }
    assert!(request.send().await.unwrap().status().is_success());
    let completed = ask(service, token, crate::files::COMPLETE, json!({ "id": begun["id"] })).await;
    completed["completeUpload"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_machine_is_restored_to_a_moment_and_every_school_is_as_it_was() {
    let (archive, kept, files, other_files) =
        (Folder::new("archive"), Folder::new("backup"), Folder::new("files"), Folder::new("restored"));
    std::fs::create_dir_all(&archive.0).unwrap();
    // The server's user writes there.
    assert!(Command::new("chmod").arg("0777").arg(&archive.0).status().unwrap().success());
    let path = |folder: &Path| folder.to_str().unwrap().to_owned();
    let (archived, keeps) = (path(&archive.0), path(&kept.0));
    let archives = format!("test ! -f {archived}/%f && cp %p {archived}/%f");
    let cluster = Cluster::start_with(&[("archive_mode", "on"), ("archive_command", &archives)]).await;
    let (key, folder) = (key(), path(&files.0));
    let arguments = ["--pool-size", "4", "--rate-cost", "0", "--files", &folder];

    // A backup while people write.
    let service = serve(&cluster, &key, &arguments);
    let token = sign_in(&service).await;
    let notes = file(&service, &token, "notes.txt", b"Crosswind").await;
    let load = Load::start(&[&service.url], &token, 3);
    load.until_acknowledged(20).await;
    script("backup", &["base", &cluster.libpq(), &format!("{keeps}/base")]);
    load.until_acknowledged(20).await;
    let later = file(&service, &token, "later.txt", b"Tailwind").await;
    load.settle(&cluster).await;
    service.stop(Signal::SIGTERM);
    script("backup", &["files", &folder, &format!("{keeps}/files")]);

    // The moment; then more, which is to be undone.
    let before = fingerprints(&cluster).await;
    let superuser = cluster.superuser("lectern").await;
    let moment: String = superuser.query_one("SELECT clock_timestamp()::text", &[]).await.unwrap().get(0);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let service = serve(&cluster, &key, &arguments);
    let undone = file(&service, &token, "undone.txt", b"Calm").await;
    for number in 0..10 {
        ask(&service, &token, COURSE, json!({ "t": format!("undone {number}") })).await;
    }
    service.stop(Signal::SIGTERM);
    script("backup", &["files", &folder, &format!("{keeps}/files")]);
    assert_ne!(fingerprints(&cluster).await, before);
    let piece: String = superuser.query_one("SELECT pg_walfile_name(pg_switch_wal())", &[]).await.unwrap().get(0);
    let began = Instant::now();
    let is_archived = "SELECT coalesce(last_archived_wal COLLATE \"C\" >= $1, false) FROM pg_stat_archiver";
    while !superuser.query_one(is_archived, &[&piece]).await.unwrap().get::<_, bool>(0) {
        assert!(began.elapsed() < NEVER, "nothing is archived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    cluster.signal(Signal::SIGKILL);

    // The way back.
    let restored =
        cluster.restored(|data| script("restore", &[&format!("{keeps}/base"), &archived, data.to_str().unwrap(), &moment])).await;
    let superuser = restored.superuser("lectern").await;
    let began = Instant::now();
    while superuser.query_one("SELECT pg_is_in_recovery()", &[]).await.unwrap().get::<_, bool>(0) {
        assert!(began.elapsed() < NEVER, "it recovers for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(fingerprints(&restored).await, before, "every school is as it was");
    let folder = path(&other_files.0);
    script("backup", &["files", &format!("{keeps}/files"), &folder]);

    // It is proven as a reviewer would.
    let operator = |arguments: &[&str]| {
        let mut command = lectern(arguments);
        command.args(["--files", &folder]).env("DATABASE_URL", restored.url("lectern_app"));
        command.env("LECTERN_PLATFORM_URL", restored.url("lectern_platform")).env("LECTERN_DESK_URL", restored.url("lectern_desk"));
        command.env("LECTERN_OWNER_URL", restored.url("postgres"));
        command.output().unwrap()
    };
    let checked = done(operator(&["files", "check", "--bytes"]));
    assert!(checked.contains("2 files are what their rows say.") && checked.contains("undone.txt"), "{checked}");
    done(operator(&["drift"]));
    let audited = done(operator(&["audit"]));
    assert!(audited.contains(" passed, 0 failed"), "{audited}");

    // And it goes on: with the same keys nobody is signed out.
    let service = serve(&restored, &key, &["--pool-size", "4", "--files", &folder]);
    for (id, bytes) in [(&notes, b"Crosswind".as_slice()), (&later, b"Tailwind")] {
        let found = ask(&service, &token, crate::files::DOWNLOAD, json!({ "id": id, "inline": false })).await;
        let served = reqwest::get(found["file"]["download"]["url"].as_str().unwrap()).await.unwrap().bytes().await.unwrap();
        assert_eq!(sha256(&served), sha256(bytes));
    }
    assert!(ask(&service, &token, crate::files::FILE, json!({ "id": undone })).await["file"].is_null());
    ask(&service, &token, COURSE, json!({ "t": "After" })).await;
    service.stop(Signal::SIGTERM);

    // Bytes that did not come along are found.
    let lost = walk(&other_files.0).into_iter().find(|path| path.to_string_lossy().ends_with("notes.txt")).unwrap();
    std::fs::remove_file(lost).unwrap();
    let said = operator(&["files", "check"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains(&format!("{notes} has no bytes: ")));
    let said = std::process::Output { stdout: Vec::new(), ..said };
    assert_eq!(refused(said), "one file is not what its row says: restore its bytes from the backup of the files");
}

#[test]
fn a_copy_of_the_files_that_was_cut_off_is_made_whole_by_the_next_and_never_takes_the_place_of_a_whole_one() {
    let (live, kept, other) = (Folder::new("files"), Folder::new("backup"), Folder::new("restored"));
    let files = |from: &Folder, to: &Folder| script("backup", &["files", from.0.to_str().unwrap(), to.0.to_str().unwrap()]);
    let put = |folder: &Folder, key: &str, bytes: &[u8]| {
        let path = folder.0.join("schools/oak").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let held = |folder: &Folder| {
        let read = |path: std::path::PathBuf| {
            let key = path.strip_prefix(folder.0.join("schools/oak")).unwrap().to_str().unwrap().to_owned();
            (key, String::from_utf8(std::fs::read(path).unwrap()).unwrap())
        };
        let mut held: Vec<_> = walk(&folder.0).into_iter().map(read).collect();
        held.sort();
        held
    };
    let whole = [("a/1_notes.txt", "Crosswind"), ("a/2_none.txt", ""), ("b/3_later.txt", "Tailwind")]
        .map(|(key, text)| (key.to_owned(), text.to_owned()))
        .to_vec();
    for (key, text) in &whole {
        put(&live, key, text.as_bytes());
    }
    put(&live, "b/4_coming.txt#1", b"Ca");
    files(&live, &kept);
    assert_eq!(held(&kept), whole, "what is being written is no file yet");

    // Newer than what it was copied from, and only a part of that.
    put(&kept, "a/1_notes.txt", b"Cross");
    std::fs::remove_file(kept.0.join("schools/oak/b/3_later.txt")).unwrap();
    files(&live, &kept);
    assert_eq!(held(&kept), whole);

    // On the way back.
    put(&kept, "a/1_notes.txt", b"Cross");
    put(&kept, "b/3_later.txt#1", b"Tail");
    std::fs::remove_file(live.0.join("schools/oak/b/4_coming.txt#1")).unwrap();
    files(&kept, &live);
    assert_eq!(held(&live), whole, "what is whole stays");
    std::fs::remove_file(kept.0.join("schools/oak/a/1_notes.txt")).unwrap();
    files(&kept, &other);
    assert_eq!(held(&other), whole[1..]);
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
