//! Names like one that is not there.

/// At most three of the names, in backquotes, the most similar first.
pub(super) fn similar<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Vec<String> {
    let most = name.chars().count() / 3 + 1;
    // Nobody misspells what is longer than any name.
    if most > 20 {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> =
        among.map(|other| (distance(name, other), other)).filter(|(distance, _)| *distance <= most).collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, other)| format!("`{other}`")).collect()
}

/// How many letters have to be changed, added or left out; whether they are capital does not matter much.
fn distance(left: &str, right: &str) -> usize {
    if left.eq_ignore_ascii_case(right) {
        return 1;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut corner = row[0];
        row[0] = line + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = corner + usize::from(letter != *other);
            corner = row[column + 1];
            row[column + 1] = replaced.min(corner + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_names_are_answered_with_similar_ones() {
        let names = ["viewer", "courses", "course", "nodes", "node"];
        let like = |name| similar(name, names.into_iter());
        assert_eq!(like("viewr"), ["`viewer`"]);
        assert_eq!(like("Course"), ["`course`", "`courses`"]);
        assert!(like("somethingElse").is_empty() && like(&"x".repeat(1000)).is_empty());
        assert_eq!([distance("abc", "abc"), distance("abc", "acb"), distance("", "ab"), distance("kitten", "sitting")], [1, 2, 2, 3]);
    }
}
