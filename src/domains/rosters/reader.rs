//! Reads the lines of a file beside the work, a batch after the other, as fast as they are taken.

use std::{fs::File, sync::Arc};

use tokio::sync::mpsc;

use super::{
    archive::{Broken, Source},
    bundle::{SheetDef, Survey},
    columns::{ImportFormat, IssueSeverity},
    lines::{Beside, Issue, Line, Parsed, Wrong, gone_of_bundle, is_gone, of_bundle, person_of_sheet},
    sheet::{Row, Sheet},
};

/// Lines of a batch.
pub const BATCH: usize = 500;

/// Begins to read, after so many lines.
pub fn start(file: File, format: ImportFormat, survey: Arc<Survey>, skip: i32) -> mpsc::Receiver<Result<Vec<Parsed>, Broken>> {
    let (batches, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        if let Err(broken) = read(&file, format, &survey, skip, &batches) {
            let _nobody_reads = batches.blocking_send(Err(broken));
        }
    });
    receiver
}

fn read(
    file: &File,
    format: ImportFormat,
    survey: &Survey,
    skip: i32,
    batches: &mpsc::Sender<Result<Vec<Parsed>, Broken>>,
) -> Result<(), Broken> {
    let mut source = Source::open(file, format)?;
    let mut left = skip;
    for (def, _) in &survey.sheets {
        let went_on = source.read(def.file, |bytes| {
            let mut sheet = Sheet::open(def.file, bytes, def.required)?;
            let mut batch = Vec::with_capacity(BATCH);
            while let Some(row) = sheet.line()? {
                if left > 0 {
                    left -= 1;
                    continue;
                }
                batch.push(parsed(def, &row, survey));
                if batch.len() == BATCH && batches.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
                    return Ok(false);
                }
            }
            Ok(batch.is_empty() || batches.blocking_send(Ok(batch)).is_ok())
        })?;
        if went_on != Some(true) {
            return Ok(());
        }
    }
    Ok(())
}

fn parsed(def: &SheetDef, row: &Row<'_>, survey: &Survey) -> Parsed {
    let id = Some(row.get("sourcedId").to_owned()).filter(|id| !id.is_empty());
    let rejected = |(column, reason, message): Wrong| Issue {
        file: def.file.to_owned(),
        line: row.line,
        column,
        severity: IssueSeverity::Error,
        reason,
        message,
        sourced_id: id.clone(),
    };
    if id.as_ref().is_some_and(|id| id.len() > 255) {
        return Err(rejected((Some("sourcedId"), "BAD_VALUE", "It must have at most 255 bytes.".to_owned())));
    }
    if id.as_ref().is_some_and(|id| id.contains('\0')) {
        return Err(rejected((Some("sourcedId"), "BAD_VALUE", "It must not contain NUL.".to_owned())));
    }
    if survey.duplicates.contains(&(def.entity, row.line)) {
        return Err(rejected((Some("sourcedId"), "DUPLICATE_SOURCED_ID", "An earlier line has this id.".to_owned())));
    }
    let (entity, file, line) = (def.entity, def.file.to_owned(), row.line);
    if def.property.is_empty() {
        let (sourced_id, key, body) = person_of_sheet(row).map_err(rejected)?;
        return Ok(Line { entity, file, line, key, sourced_id, is_gone: false, refs: Vec::new(), body });
    }
    let Some(key) = id.clone() else {
        return Err(rejected((Some("sourcedId"), "BAD_VALUE", "There is no id.".to_owned())));
    };
    let is_gone = is_gone(row).map_err(rejected)?;
    let said = if is_gone { gone_of_bundle(entity, row) } else { of_bundle(entity, row, &Beside { roles: survey.roles.as_ref() }) };
    let (refs, body) = said.map_err(rejected)?;
    Ok(Line { entity, file, line, key, sourced_id: id, is_gone, refs, body })
}
