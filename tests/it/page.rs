//! Pages that are written by a test and committed for people.

use std::{fmt::Write as _, path::Path};

/// Holds a committed page against what was measured. `UPDATE_SNAPSHOTS=1` writes it anew; otherwise the lines that differ are
/// shown, and `command` says how to accept them.
pub fn hold(file: &str, measured: &str, command: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, measured).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed != measured {
        panic!("{file} is stale: UPDATE_SNAPSHOTS=1 {command}, and read the difference\n{}", difference(&committed, measured));
    }
}

/// The lines that are gone (`-`) and new (`+`), each with the number that it has, or would have, in the committed text.
fn difference(committed: &str, measured: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (committed.lines().collect(), measured.lines().collect());
    // The length of the longest common sequence of what follows two lines.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for (i, gone) in old.iter().enumerate().rev() {
        for (j, come) in new.iter().enumerate().rev() {
            common[i][j] = if gone == come { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            let _ = writeln!(lines, "{:>4} -{}", i + 1, old[i]);
            i += 1;
        } else {
            let _ = writeln!(lines, "{:>4} +{}", i + 1, new[j]);
            j += 1;
        }
    }
    if lines.is_empty() { "the ends of lines, or of the file".to_owned() } else { lines }
}

#[test]
fn only_lines_that_differ_are_shown() {
    let committed = "one\ntwo\nthree\nfour\nfive\n";
    assert_eq!(difference(committed, "one\n2\nthree\nfour\nfive\nsix\n"), "   2 -two\n   3 +2\n   6 +six\n");
    assert_eq!(difference(committed, "two\nthree\nfour\nfive\n"), "   1 -one\n");
    assert_eq!(difference("", "one\n"), "   1 +one\n");
    assert_eq!(difference("one\n", "one"), "the ends of lines, or of the file");
}
