//! What no file makes any more. It is dropped as long as nothing leans on it; otherwise nothing is.

use std::collections::BTreeSet;

use anyhow::bail;
use sqlx::{Connection as _, PgConnection};

use super::{
    FINGERPRINT, Source,
    ledger::{self, Ledger},
    patience::patiently,
    scripts::drop_if_free,
    things::{self, Thing},
};

/// Answers what was dropped.
pub(super) async fn drop(connection: &mut PgConnection, source: &Source, ledger: &mut Ledger) -> anyhow::Result<Vec<String>> {
    let files: BTreeSet<&str> = source.scripts.iter().map(|script| script.file.as_str()).chain([FINGERPRINT]).collect();
    let gone: Vec<String> = ledger.values().filter(|entry| entry.changed.is_none()).map(|entry| entry.file.clone()).collect();
    let gone: Vec<&str> = gone.iter().map(String::as_str).filter(|file| !files.contains(file)).collect();
    let dropped = patiently(async || transaction(connection, ledger, &gone).await).await?;
    for file in gone {
        ledger.remove(file);
    }
    Ok(dropped)
}

async fn transaction(connection: &mut PgConnection, ledger: &Ledger, gone: &[&str]) -> anyhow::Result<Vec<String>> {
    let made: BTreeSet<&str> = ledger
        .values()
        .filter(|entry| !gone.contains(&entry.file.as_str()))
        .flat_map(|entry| entry.makes.iter().map(String::as_str))
        // An older binary's is made by no file yet, and is replaced last of all.
        .chain(["function app.schema_fingerprint()"])
        .collect();
    let mut tx = connection.begin().await?;
    let mut left: Vec<Thing> = things::read(&mut tx).await?;
    left.retain(|thing| thing.remove.is_some() && !made.contains(thing.name.as_str()));
    let mut dropped = Vec::new();
    // One may lean on another.
    loop {
        let (mut kept, mut leaning, before) = (Vec::new(), Vec::new(), left.len());
        for thing in left {
            match drop_if_free(&mut tx, &thing).await? {
                None => dropped.push(thing.name),
                Some(what) => {
                    leaning.push(format!("the {} ({what})", thing.name));
                    kept.push(thing);
                }
            }
        }
        if kept.is_empty() {
            break;
        }
        if kept.len() == before {
            bail!(
                "no file makes {} any more, but something leans on it; nothing was dropped: change what leans on it, then migrate again",
                leaning.join(" nor ")
            );
        }
        left = kept;
    }
    ledger::forget(&mut tx, gone).await?;
    tx.commit().await?;
    Ok(dropped)
}
