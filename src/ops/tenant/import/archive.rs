//! The archive of an export, unpacked into a folder of this machine and compared with its own manifest.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{BufReader, Read, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use flate2::read::GzDecoder;
use serde::Deserialize;
use uuid::Uuid;

/// The form of exports that is understood.
const FORMAT: u32 = 1;
/// Where the manifest lies, the last entry of the archive.
const MANIFEST: &str = "manifest.json";

/// What the archive says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    format: u32,
    /// Whose it is.
    pub school: SchoolOf,
    /// The tables, those first that others point at.
    pub tables: Vec<TableOf>,
    /// The files.
    pub files: Vec<FileOf>,
}

/// The school.
#[derive(Debug, Deserialize)]
pub(super) struct SchoolOf {
    /// Its id, which it keeps.
    pub id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// A table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableOf {
    /// Its name.
    pub name: String,
    path: String,
    rows: u64,
    sha256: String,
    /// The columns that its lines have.
    pub columns: Vec<String>,
}

/// A file.
#[derive(Debug, Deserialize)]
pub(super) struct FileOf {
    /// Its id.
    pub id: Uuid,
    path: Option<String>,
    size: u64,
    sha256: String,
}

/// An archive that is what its manifest says, in a folder that goes with it.
#[derive(Debug)]
pub(super) struct Unpacked {
    folder: PathBuf,
    /// What it says.
    pub manifest: Manifest,
}

impl Unpacked {
    /// Reads an archive. It takes as much room as the school has.
    ///
    /// # Errors
    /// When it can't be read, or is not whole.
    pub fn read(archive: &Path) -> anyhow::Result<Unpacked> {
        use std::os::unix::fs::DirBuilderExt as _;
        let folder = std::env::temp_dir().join(format!("lectern-import-{}", Uuid::now_v7()));
        std::fs::DirBuilder::new().mode(0o700).create(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        // From here on the folder goes, whatever happens.
        let mut unpacked = Unpacked { folder, manifest: Manifest { format: 0, school: SchoolOf::none(), tables: vec![], files: vec![] } };
        let found = unpack(archive, &unpacked.folder)?;
        let text = std::fs::read(unpacked.folder.join(MANIFEST))
            .with_context(|| format!("{} holds no {MANIFEST}: it is no export of a school, or not all of one", archive.display()))?;
        unpacked.manifest = serde_json::from_slice(&text).context("the manifest can't be read")?;
        compare(&unpacked.manifest, &found)?;
        Ok(unpacked)
    }

    /// The lines of a table.
    ///
    /// # Errors
    /// When this machine fails.
    pub fn lines(&self, table: &TableOf) -> anyhow::Result<BufReader<File>> {
        Ok(BufReader::new(File::open(self.folder.join(flat(&table.path)))?))
    }

    /// Where the bytes of a file lie; none where the export had none of it any more.
    pub fn bytes(&self, file: &FileOf) -> Option<PathBuf> {
        file.path.as_ref().map(|path| self.folder.join(flat(path)))
    }
}

impl SchoolOf {
    fn none() -> Self {
        SchoolOf { id: Uuid::nil(), slug: String::new(), name: String::new() }
    }
}

impl FileOf {
    /// What its bytes must be: how many, and their SHA-256.
    pub fn expected(&self) -> (u64, &str) {
        (self.size, &self.sha256)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        let _litter = std::fs::remove_dir_all(&self.folder);
    }
}

/// How an entry is called on this machine.
fn flat(path: &str) -> String {
    path.replace('/', "_")
}

/// Whether an export has such an entry. Nothing else is written to this machine.
fn is_of_export(path: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    path == MANIFEST
        || path.strip_prefix("tables/").and_then(|rest| rest.strip_suffix(".ndjson")).is_some_and(is_name)
        || path.strip_prefix("files/").is_some_and(is_name)
}

/// What an entry holds.
struct Entry {
    size: u64,
    lines: u64,
    sha256: String,
}

/// Writes the entries of an archive into a folder.
fn unpack(archive: &Path, folder: &Path) -> anyhow::Result<HashMap<String, Entry>> {
    let file = File::open(archive).with_context(|| format!("{} can't be read", archive.display()))?;
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    let mut found = HashMap::new();
    let damaged = || format!("{} is damaged, or no .tar.gz", archive.display());
    for entry in tar.entries().with_context(damaged)? {
        let mut entry = entry.with_context(damaged)?;
        let path = entry.path().with_context(damaged)?.to_str().unwrap_or_default().to_owned();
        ensure!(entry.header().entry_type().is_file() && is_of_export(&path), "{path:?} is nothing that an export of a school holds");
        let mut out =
            File::options().write(true).create_new(true).open(folder.join(flat(&path))).with_context(|| format!("{path} twice"))?;
        let (mut digest, mut buffer) = (digest::Context::new(&digest::SHA256), vec![0; 256 << 10]);
        let (mut size, mut lines) = (0, 0);
        loop {
            let read = entry.read(&mut buffer).with_context(damaged)?;
            if read == 0 {
                break;
            }
            digest.update(&buffer[..read]);
            lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
            size += read as u64;
            out.write_all(&buffer[..read]).context("this machine has no room for the archive")?;
        }
        found.insert(path, Entry { size, lines, sha256: HEXLOWER.encode(digest.finish().as_ref()) });
    }
    Ok(found)
}

/// Whether everything is there, is what it should be, and nothing else is.
fn compare(manifest: &Manifest, found: &HashMap<String, Entry>) -> anyhow::Result<()> {
    ensure!(
        manifest.format == FORMAT,
        "the export has format {}, not {FORMAT}: import it with the version that it was written by",
        manifest.format
    );
    let mut named = HashSet::from([MANIFEST]);
    for TableOf { name, path, rows, sha256, .. } in &manifest.tables {
        let entry = found.get(path).with_context(|| format!("the table {name} is missing in the archive"))?;
        ensure!((entry.lines, &entry.sha256) == (*rows, sha256), "the table {name} is not what the manifest says");
        ensure!(path == &format!("tables/{name}.ndjson"), "the table {name} lies elsewhere");
        named.insert(path);
    }
    for FileOf { id, path, size, sha256, .. } in &manifest.files {
        let Some(path) = path else { continue };
        let entry = found.get(path).with_context(|| format!("the file {id} is missing in the archive"))?;
        ensure!((entry.size, &entry.sha256) == (*size, sha256), "the file {id} is not what the manifest says");
        named.insert(path);
    }
    match found.keys().find(|path| !named.contains(path.as_str())) {
        Some(path) => bail!("{path} stands in no manifest"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("lectern-archive-{}.tar.gz", Uuid::now_v7()));
        let mut tar = tar::Builder::new(GzEncoder::new(File::create(&path).unwrap(), Compression::default()));
        for (name, bytes) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // Not `append_data`, which refuses names that lead elsewhere.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, *bytes).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    fn hash(bytes: &[u8]) -> String {
        HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
    }

    fn manifest(sha256: &str) -> Vec<u8> {
        serde_json::json!({
            "format": 1, "school": { "id": Uuid::from_u128(7), "slug": "oak", "name": "Oak" },
            "tables": [{ "name": "course", "path": "tables/course.ndjson", "rows": 1, "sha256": sha256, "key": ["id"], "columns": ["id"], "secretColumns": [] }],
            "files": [],
        })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn an_archive_is_taken_where_it_is_what_it_says_and_nothing_more() {
        let (line, path) = (b"{\"id\": 1}\n".as_slice(), "tables/course.ndjson");
        let good = manifest(&hash(line));
        let good = good.as_slice();
        let read = |entries: &[(&str, &[u8])]| {
            let path = archive(entries);
            let read = Unpacked::read(&path).map(|unpacked| unpacked.manifest.school.slug.clone());
            std::fs::remove_file(path).unwrap();
            read.map_err(|error| error.to_string())
        };
        assert_eq!(read(&[(path, line), (MANIFEST, good)]).as_deref(), Ok("oak"));
        for (entries, why) in [
            (vec![(path, line)], "holds no manifest.json"),
            (vec![(MANIFEST, good)], "is missing in the archive"),
            (vec![(path, b"{\"id\": 2}\n".as_slice()), (MANIFEST, good)], "is not what the manifest says"),
            (vec![(path, line), ("files/file_1", b"x".as_slice()), (MANIFEST, good)], "stands in no manifest"),
            (vec![("../evil", line), (MANIFEST, good)], "is nothing that an export of a school holds"),
            (vec![("/etc/evil", line), (MANIFEST, good)], "is nothing that an export of a school holds"),
            (vec![("tables/../../evil.ndjson", line), (MANIFEST, good)], "is nothing that an export of a school holds"),
        ] {
            let refused = read(&entries).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
