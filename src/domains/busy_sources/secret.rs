//! The address of a source, and what is kept of a file: sealed.

use lectern_kernel::{
    error::{Error, Result},
    sealing::{Place, Sealed, Sealer},
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::reading;

fn place(tenant: Uuid, column: &'static str) -> Place<'static> {
    Place { tenant, table: "busy_source", column }
}

/// An address as the database keeps it.
pub fn seal_url(sealer: &Sealer, tenant: Uuid, url: &str) -> Sealed {
    Sealed(sealer.seal(place(tenant, "url"), url.as_bytes()))
}

/// What is kept of a file, as the database keeps it.
pub fn seal_content(sealer: &Sealer, tenant: Uuid, content: &str) -> Sealed {
    Sealed(sealer.seal(place(tenant, "content"), content.as_bytes()))
}

/// A whole file as the database keeps it, for seeds.
///
/// # Errors
/// When it is no calendar.
pub fn sealed_content(sealer: &Sealer, tenant: Uuid, file: &str) -> Result<Vec<u8>> {
    let kept = reading::reduced(file.as_bytes()).map_err(|_| Error::internal("a calendar of the seed is none"))?;
    Ok(seal_content(sealer, tenant, &kept).0)
}

/// The address that the database keeps.
///
/// # Errors
/// `INTERNAL` where it does not open.
pub fn open_url(sealer: &Sealer, tenant: Uuid, sealed: &[u8]) -> Result<Zeroizing<String>> {
    let wrong = || Error::internal("the address of a busy source does not open: LECTERN_SECRET_KEYS lacks its key");
    let bytes = sealer.open(place(tenant, "url"), sealed).map_err(|_| wrong())?;
    std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| wrong())
}

/// What the database keeps of a file.
///
/// # Errors
/// `INTERNAL` where it does not open.
pub fn open_content(sealer: &Sealer, tenant: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let wrong = || Error::internal("the file of a busy source does not open: LECTERN_SECRET_KEYS lacks its key");
    sealer.open(place(tenant, "content"), sealed).map_err(|_| wrong())
}
