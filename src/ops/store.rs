//! The store of files that the settings name.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use lectern_kernel::{
    sealing::Sealer,
    store::{Bucket, Links, Objects, Store, StoreLimits},
};

use super::postman::reachable;
use crate::config::{Secret, Settings};

/// The purpose for which the keys of signed addresses are derived.
const PURPOSE: &str = "addresses of files";

/// The store, for a service that listens on `address`.
///
/// # Errors
/// When the settings name none that could be.
pub fn store(settings: &Settings, sealer: &Sealer, address: SocketAddr) -> anyhow::Result<Store> {
    let links = Links::new(sealer.signers(PURPOSE), &base(settings, address)?);
    let limits = StoreLimits {
        file_bytes: settings.max_file_bytes,
        types: settings.file_types.iter().map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect(),
        download: SignedDuration::from_mins(settings.download_minutes),
    };
    Ok(Store::new(objects(settings)?, links, limits))
}

/// The objects alone.
///
/// # Errors
/// As [`store`].
pub fn objects(settings: &Settings) -> anyhow::Result<Objects> {
    let Some(name) = &settings.s3_bucket else { return Objects::in_folder(&folder(settings)) };
    let text = |secret: &Secret| secret.expose().to_owned();
    let keys = match (&settings.s3_access_key_id, &settings.s3_secret_access_key) {
        (Some(id), Some(secret)) => Some((text(id), text(secret))),
        (None, None) => None,
        _ => bail!("LECTERN_S3_ACCESS_KEY_ID and LECTERN_S3_SECRET_ACCESS_KEY go together: set both, or neither"),
    };
    let bucket = Bucket {
        name: name.clone(),
        endpoint: settings.s3_endpoint.clone(),
        public_endpoint: settings.s3_public_endpoint.clone(),
        region: settings.s3_region.clone(),
        keys,
        prefix: settings.s3_prefix.clone(),
    };
    Objects::in_bucket(&bucket).context("LECTERN_S3_BUCKET and the settings beside it")
}

/// Where files are kept without a bucket.
fn folder(settings: &Settings) -> PathBuf {
    settings.files.clone().unwrap_or_else(|| settings.data_dir.join("files"))
}

/// Makes the folder, for nobody else on this machine, where files are kept in one.
///
/// # Errors
/// When it can't be made.
pub fn make_folder(settings: &Settings) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if settings.s3_bucket.is_some() {
        return Ok(());
    }
    let folder = folder(settings);
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| {
        format!("{} can't be made, for files: set LECTERN_FILES to a folder that can, or LECTERN_S3_BUCKET", folder.display())
    })
}

/// What addresses on this service begin with.
pub(super) fn base(settings: &Settings, address: SocketAddr) -> anyhow::Result<String> {
    let Some(url) = &settings.public_url else { return Ok(format!("http://{}", reachable(address))) };
    let parsed = reqwest::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    match parsed {
        Some(parsed) if parsed.query().is_none() && parsed.fragment().is_none() => Ok(url.trim_end_matches('/').to_owned()),
        _ => bail!("LECTERN_PUBLIC_URL must be an address such as https://school.example"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::config::Cli;

    #[test]
    fn addresses_begin_with_what_people_reach() {
        let at = |arguments: &[&str], address: &str| {
            let settings = Cli::parse_from(["lectern"].iter().chain(arguments)).settings;
            base(&settings, address.parse().unwrap()).ok()
        };
        assert_eq!(at(&[], "127.0.0.1:8000").as_deref(), Some("http://127.0.0.1:8000"));
        assert_eq!(at(&[], "0.0.0.0:8000").as_deref(), Some("http://127.0.0.1:8000"));
        assert_eq!(at(&[], "[::1]:80").as_deref(), Some("http://[::1]:80"));
        assert_eq!(at(&["--public-url=https://school.example/"], "127.0.0.1:1").as_deref(), Some("https://school.example"));
        for wrong in ["school.example", "ftp://school.example", "https://school.example?x=1"] {
            assert_eq!(at(&["--public-url", wrong], "127.0.0.1:1"), None, "{wrong}");
        }
    }
}
