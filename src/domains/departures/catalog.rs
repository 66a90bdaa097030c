//! What belongs to a school, as the catalog of the database says at this moment: tables, columns, keys, and which points at which.

use std::collections::{HashMap, HashSet};

use lectern_kernel::{
    db::{ColumnReader, DbError, Tx},
    error::{Error, Result},
};

use super::sql;

/// A table of schools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Whether it only counts, and is no part of what a school is.
    pub is_counter: bool,
    /// Its columns, without secret and computed ones.
    pub columns: Vec<String>,
    /// The columns whose comment calls them secret.
    pub secrets: Vec<String>,
    /// Its primary key without the tenant: columns and their types.
    pub key: Vec<(String, String)>,
}

/// Which table points at which, and whether the pointer may be taken back.
type Reference = (String, String, bool);

/// Why nothing of a school may be exported or erased: a table that nobody would miss, for it can't be read and emptied. None where all can.
///
/// # Errors
/// When the database can't be asked.
pub async fn out_of_reach(tx: &Tx) -> Result<Option<String>> {
    let table: Option<String> = tx.value::<Option<String>>(sql::OUT_OF_REACH, &[]).await?.flatten();
    if let Some(table) = &table {
        tracing::error!(table, "a table of schools that lectern_desk can't read and empty: raise its wall");
    }
    Ok(table.map(|table| format!("TABLE_OUT_OF_REACH: {table}")))
}

/// The tables of schools, those first that others point at.
///
/// # Errors
/// When the database can't be asked, or tables point at one another in a circle.
pub async fn tables(tx: &Tx) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for row in &tx.query(sql::TABLES, &[]).await? {
        let mut reader = ColumnReader::new(row);
        let (name, is_counter, columns, secrets) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
        let (key, types): (Vec<String>, Vec<String>) = (reader.next()?, reader.next()?);
        tables.push(Table { name, is_counter, columns, secrets, key: key.into_iter().zip(types).collect() });
    }
    let references: Vec<Reference> = tx
        .query(sql::REFERENCES, &[])
        .await?
        .iter()
        .map(|row| {
            let mut reader = ColumnReader::new(row);
            Ok((reader.next()?, reader.next()?, reader.next()?))
        })
        .collect::<Result<_, DbError>>()?;
    order(tables, &references)
}

/// Puts tables into the order of their references. Of a circle those references are left out that may be taken back.
fn order(mut tables: Vec<Table>, references: &[Reference]) -> Result<Vec<Table>> {
    let known: HashSet<String> = tables.iter().map(|table| table.name.clone()).collect();
    let mut waits_for: HashMap<&str, Vec<(&str, bool)>> = HashMap::new();
    for (from, to, is_weak) in references.iter().filter(|(from, to, _)| known.contains(from) && known.contains(to)) {
        waits_for.entry(from).or_default().push((to, *is_weak));
    }
    let (mut ordered, mut done) = (Vec::with_capacity(tables.len()), HashSet::new());
    while !tables.is_empty() {
        let next = [false, true].into_iter().find_map(|leaves_out_weak| {
            tables.iter().position(|table| {
                let waits = waits_for.get(table.name.as_str()).into_iter().flatten();
                waits.filter(|(_, is_weak)| !(*is_weak && leaves_out_weak)).all(|(to, _)| done.contains(*to))
            })
        });
        let table = tables.remove(next.ok_or_else(|| Error::internal("tables that point at one another in a circle"))?);
        done.insert(table.name.clone());
        ordered.push(table);
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        Table { name: name.to_owned(), is_counter: false, columns: Vec::new(), secrets: Vec::new(), key: Vec::new() }
    }

    fn ordered(names: &[&str], references: &[(&str, &str, bool)]) -> Option<String> {
        let references: Vec<Reference> = references.iter().map(|(from, to, weak)| ((*from).to_owned(), (*to).to_owned(), *weak)).collect();
        let ordered = order(names.iter().map(|name| table(name)).collect(), &references).ok()?;
        Some(ordered.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_others_point_at_comes_first() {
        let references =
            [("booking", "person", false), ("booking", "course", true), ("course", "person", false), ("person", "elsewhere", false)];
        assert_eq!(ordered(&["booking", "course", "person"], &references).unwrap(), "person course booking");
        assert_eq!(ordered(&["a", "b"], &[]).unwrap(), "a b", "else as they were");
    }

    #[test]
    fn a_circle_is_cut_where_a_pointer_may_be_taken_back() {
        let references = [("file", "person", false), ("person", "file", true)];
        assert_eq!(ordered(&["file", "person"], &references).unwrap(), "person file");
        assert!(ordered(&["file", "person"], &[("file", "person", false), ("person", "file", false)]).is_none());
    }
}
