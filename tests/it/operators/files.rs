//! Rows and bytes are compared.

use std::path::PathBuf;

use super::operator;
use crate::{
    app::{TestApp, Who},
    files::{objects, text},
    ops::done,
};

#[tokio::test]
async fn files_whose_bytes_are_missing_or_others_are_found() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let [kept, lost, cut, other] = ["kept.txt", "lost.txt", "cut.txt", "other.txt"];
    let mut ids = Vec::new();
    for name in [kept, lost, cut, other] {
        ids.push(text(&learner, name).await);
    }
    app.work().await;
    let check = |arguments: &[&str]| {
        let arguments = [&["files", "check"], arguments].concat();
        operator(&app, &arguments).output().unwrap()
    };
    let said = done(check(&["--bytes"]));
    assert!(said.ends_with("4 files are what their rows say.\n"), "{said}");
    assert!(said.contains("oak: 4 files, 0 that are not what their rows say, 0 objects without a row\n"), "{said}");

    let path = |name: &str| {
        let found = objects(&app, "").into_iter().find(|path| path.ends_with(name)).map(PathBuf::from);
        found.unwrap_or_else(|| panic!("{name} is not there"))
    };
    std::fs::write(path(cut), b"cut").unwrap();
    std::fs::write(path(other), b"OTHER.TXT").unwrap();
    std::fs::remove_file(path(lost)).unwrap();
    std::fs::write(path(kept).with_file_name("unknown.txt"), b"whose?").unwrap();
    let found = check(&["--bytes"]);
    let (said, why) = (String::from_utf8(found.stdout).unwrap(), String::from_utf8(found.stderr).unwrap());
    assert_eq!(found.status.code(), Some(1), "{said}");
    for (id, fault) in [(&ids[1], "has no bytes"), (&ids[2], "has another size"), (&ids[3], "has other bytes")] {
        assert!(said.contains(&format!("  {id} {fault}: schools/")), "{said}");
    }
    assert!(!said.contains(&ids[0]) && said.contains("unknown.txt"), "{said}");
    assert_eq!(why, "lectern: 3 files are not what their rows say: restore their bytes from the backup of the files\n");
    // Without reading the bytes, other ones of the same size are not seen.
    assert!(String::from_utf8(check(&[]).stderr).unwrap().contains("2 files are not what their rows say"));
}
