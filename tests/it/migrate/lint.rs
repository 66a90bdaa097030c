//! Migrations run while the version before goes on serving: none may hold a lock for as long as a table has rows, nor take away what that version
//! reads. What must be done all the same says why, in a comment above it that begins with `-- Locks:` or `-- Breaks:`.

use std::collections::BTreeSet;

use lectern::ops::sources;

/// The newest migration of the first release: up to it, no database has rows, and no version serves.
const FIRST_RELEASE: i64 = 130;

/// A statement, with the comment above it.
struct Statement {
    comment: String,
    /// One line in capital letters, without quoted text.
    words: String,
}

fn statements(sql: &str) -> Vec<Statement> {
    let (mut found, mut comment, mut text) = (Vec::new(), String::new(), String::new());
    let mut quotes = 0;
    for line in sql.lines() {
        if quotes == 0 && line.trim_start().starts_with("--") {
            comment.push_str(line.trim());
            comment.push('\n');
            continue;
        }
        quotes = (quotes + line.matches("$$").count()) % 2;
        text.push_str(line.split(" --").next().unwrap_or_default());
        text.push(' ');
        if quotes == 0 && line.trim_end().ends_with(';') {
            let bare: String = text.split('\'').step_by(2).collect();
            let words = bare.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
            found.push(Statement { comment: std::mem::take(&mut comment), words });
            text.clear();
        }
    }
    found
}

/// What follows a word, up to the next blank or bracket.
fn name_after<'a>(words: &'a str, before: &str) -> Option<&'a str> {
    words.split_once(before)?.1.trim_start().split([' ', '(', ';']).next()
}

/// The parts of an ALTER TABLE.
fn actions(words: &str) -> Vec<String> {
    let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
    for letter in words.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part).trim().to_owned());
                continue;
            }
            _ => {}
        }
        part.push(letter);
    }
    parts.push(part.trim_end_matches(';').trim().to_owned());
    parts
}

/// What is wrong with a migration, a sentence each.
fn problems(sql: &str) -> Vec<String> {
    let (mut problems, mut new) = (Vec::new(), BTreeSet::new());
    for Statement { comment, words } in statements(sql) {
        let (locks, breaks) = (comment.contains("-- Locks: "), comment.contains("-- Breaks: "));
        let mut is_wrong = |excused: bool, what: &str| {
            if !excused {
                problems.push(format!("{what}: {words}"));
            }
        };
        if let Some(table) = name_after(&words, "CREATE TABLE ") {
            new.insert(table.to_owned());
            continue;
        }
        if words.starts_with("CREATE ") && words.contains(" INDEX ") {
            if name_after(&words, " ON ").is_some_and(|table| !new.contains(table)) {
                is_wrong(locks, "nothing can be written to the table while the index is made");
            }
        } else if let Some(rest) = words.strip_prefix("ALTER TABLE ") {
            let rest = rest.trim_start_matches("ONLY ");
            let (table, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            if new.contains(table) {
                continue;
            }
            for action in actions(rest) {
                let adds_column = action.starts_with("ADD COLUMN");
                if adds_column && action.contains(" NOT NULL") && !action.contains(" DEFAULT ") && !action.contains(" GENERATED ") {
                    is_wrong(false, "rows that there are have no value for the column");
                }
                let is_volatile =
                    ["GEN_RANDOM_UUID()", "CLOCK_TIMESTAMP()", "RANDOM()", "NEXTVAL("].iter().any(|call| action.contains(call));
                if adds_column && (is_volatile || action.contains(" STORED")) {
                    is_wrong(locks, "the whole table is written anew behind a lock");
                }
                if action.starts_with("ALTER COLUMN") && (action.contains(" TYPE ") || action.contains(" SET NOT NULL")) {
                    is_wrong(locks, "the whole table is read or written anew behind a lock");
                }
                let checks = ["CHECK (", "FOREIGN KEY", "UNIQUE (", "PRIMARY KEY (", "EXCLUDE "].iter().any(|kind| action.contains(kind));
                if action.starts_with("ADD CONSTRAINT") && checks && !action.contains("NOT VALID") && !action.contains(" USING INDEX ") {
                    is_wrong(locks, "all rows are checked behind a lock: add it NOT VALID, and validate it in the next migration");
                }
                if action.starts_with("DROP COLUMN") || action.starts_with("RENAME") {
                    is_wrong(breaks, "the version before reads it");
                }
            }
        } else if ["DROP TABLE", "DROP VIEW", "DROP SCHEMA", "ALTER TYPE", "DROP TYPE"].iter().any(|what| words.starts_with(what)) {
            is_wrong(breaks, "the version before reads it");
        } else if ["LOCK ", "CLUSTER", "VACUUM", "REINDEX", "TRUNCATE"].iter().any(|what| words.starts_with(what)) {
            is_wrong(locks, "it locks a table for long");
        } else if ["UPDATE ", "DELETE ", "INSERT "].iter().any(|what| words.starts_with(what)) {
            is_wrong(false, "the owner sees no rows: rows are changed by sql/data, in batches");
        }
    }
    problems
}

#[test]
fn no_migration_locks_a_table_for_long_nor_takes_away_what_the_version_before_reads() {
    for (version, name, sql) in &sources::embedded().unwrap().migrations {
        if *version > FIRST_RELEASE {
            let problems = problems(sql);
            assert!(problems.is_empty(), "{version:04}_{}: {}", name.replace(' ', "_"), problems.join("\n"));
        }
    }
}

#[test]
fn what_locks_or_breaks_is_recognized() {
    for (sql, told) in [
        ("CREATE INDEX course_room_idx ON course (tenant_id, room);", "while the index is made"),
        ("CREATE UNIQUE INDEX course_room_idx ON course (tenant_id, room);", "while the index is made"),
        ("ALTER TABLE course ADD COLUMN room text NOT NULL;", "have no value"),
        ("ALTER TABLE course\n    ADD COLUMN title_key text,\n    ADD COLUMN token uuid DEFAULT gen_random_uuid();", "written anew"),
        ("ALTER TABLE course ADD COLUMN words text GENERATED ALWAYS AS (lower(title)) STORED;", "written anew"),
        ("ALTER TABLE course ALTER COLUMN room TYPE varchar(9);", "read or written anew"),
        ("ALTER TABLE course ALTER COLUMN room SET NOT NULL;", "read or written anew"),
        ("ALTER TABLE course ADD CONSTRAINT course_room_check CHECK (room <> '');", "NOT VALID"),
        ("ALTER TABLE course ADD CONSTRAINT course_room_fkey FOREIGN KEY (tenant_id, room_id) REFERENCES room;", "NOT VALID"),
        ("ALTER TABLE course DROP COLUMN room;", "the version before"),
        ("ALTER TABLE course RENAME COLUMN room TO hall;", "the version before"),
        ("DROP TABLE room;", "the version before"),
        ("LOCK TABLE course;", "for long"),
        ("UPDATE course SET room = 'A; DROP TABLE b';", "in batches"),
        // A reason of another kind is none.
        ("-- Breaks: nobody.\nCREATE INDEX a ON course (tenant_id);", "while the index is made"),
    ] {
        let problems = problems(sql);
        assert!(problems.len() == 1 && problems[0].contains(told), "{sql}: {problems:?}");
    }
    for sql in [
        "CREATE TABLE room (tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id));\nCREATE INDEX room_idx ON room (tenant_id);\n\
         ALTER TABLE room ADD CONSTRAINT room_check CHECK (true), ALTER COLUMN id SET NOT NULL;",
        "ALTER TABLE course ADD COLUMN room text CONSTRAINT course_room_check CHECK (length(room) BETWEEN 1 AND 9);",
        "ALTER TABLE course ADD COLUMN seats integer NOT NULL DEFAULT 5;",
        "ALTER TABLE course ADD CONSTRAINT course_room_check CHECK (room <> '') NOT VALID;",
        "ALTER TABLE course VALIDATE CONSTRAINT course_room_check;",
        "ALTER TABLE course DROP CONSTRAINT course_room_check;",
        "-- Rooms are few.\n-- Locks: a table of some hundred rows.\nCREATE INDEX room_name_idx ON room (tenant_id, name);",
        "-- Breaks: nothing has read it since 1.4.\nALTER TABLE course DROP COLUMN room;",
        "COMMENT ON COLUMN course.room IS 'update; drop table';",
        "CREATE FUNCTION app.words() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n    UPDATE course SET room = NULL;\n    DROP TABLE room;\nEND\n$$;",
    ] {
        assert_eq!(problems(sql), Vec::<String>::new(), "{sql}");
    }
}
