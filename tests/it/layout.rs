//! Where things are, and which parts may use which.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Domains that own no table: they read those of others, under the others' policies.
const WITHOUT_TABLES: [&str; 1] = ["reports"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn names(folder: &str, extension: Option<&str>) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let wanted = entries.filter(|path| match extension {
        Some(extension) => path.extension().is_some_and(|found| found == extension),
        None => path.is_dir(),
    });
    wanted.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.append(&mut sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_domain_has_the_same_name_in_its_code_its_policies_and_its_tests() {
    let domains = names("src/domains", None);
    let with_tables: BTreeSet<String> = domains.iter().filter(|name| !WITHOUT_TABLES.contains(&name.as_str())).cloned().collect();
    assert_eq!(names("policies", Some("sql")), with_tables);
    let tested: BTreeSet<String> = names("tests/it", Some("rs")).union(&names("tests/it", None)).cloned().collect();
    let missing: Vec<_> = domains.difference(&tested).cloned().collect();
    assert!(missing.is_empty(), "domains without tests: {missing:?}");
    let strangers: Vec<_> = names("sql/functions", Some("sql")).difference(&domains.iter().cloned().collect()).cloned().collect();
    assert!(strangers.is_empty(), "functions of no domain: {strangers:?}");
    let listed: BTreeSet<String> =
        lectern::domains::ALL.iter().chain(lectern::domains::PLATFORM).map(|domain| domain.name.to_owned()).collect();
    let unlisted: Vec<_> = domains.difference(&listed).cloned().collect();
    assert!(unlisted.is_empty(), "not in ALL of src/domains/mod.rs: {unlisted:?}");
}

#[test]
fn domains_know_nothing_of_http_nor_of_the_pool() {
    for file in sources(&root().join("src/domains")) {
        let text = fs::read_to_string(&file).unwrap();
        for forbidden in ["crate::http", "http::", "db::Pool", " Pool,", " Pool}", "&Pool"] {
            assert!(!text.contains(forbidden), "{} names {forbidden}", file.display());
        }
    }
}

/// The rooms of the kernel; each may know those before it, and no other.
const ROOMS: [&str; 15] = [
    "clock",
    "permission",
    "error",
    "ids",
    "text",
    "seen",
    "sealing",
    "outbound",
    "db",
    "auth",
    "rates",
    "jobs",
    "store",
    "resolve",
    "request",
];

#[test]
fn rooms_of_the_kernel_know_only_those_before_them_and_no_domain() {
    let kernel = root().join("kernel/src");
    for (at, room) in ROOMS.iter().enumerate() {
        let folder = kernel.join(room);
        let files = if folder.is_dir() { sources(&folder) } else { vec![folder.with_extension("rs")] };
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for later in ROOMS[at + 1..].iter().chain(&["execute"]) {
                let inside = |line: &str| line.contains(&format!("crate::{later}")) || line.starts_with(&format!("    {later}::"));
                assert!(!text.lines().any(inside), "{} knows {later}", file.display());
            }
        }
    }
    for file in sources(&kernel) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("domains::") && !text.contains("lectern::"), "{} knows a domain", file.display());
    }
}
