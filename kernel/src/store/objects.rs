//! Objects by their keys: in a folder of this machine, or in a bucket of an S3 server. Bytes stream through; none is held whole.

use std::{ops::Range, path::Path as FilePath, sync::Arc, time::Duration};

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream::BoxStream};
use jiff::Timestamp;
use object_store::{
    Attribute, Attributes, ClientOptions, Error as StoreError, GetOptions, ObjectStore, ObjectStoreExt as _, PutMultipartOptions,
    PutOptions, PutPayload, RetryConfig, WriteMultipart,
    aws::AmazonS3Builder,
    local::LocalFileSystem,
    path::{Path, PathPart},
    signer::{HeaderName, HeaderValue, Method, SignedUrlOptions, Signer},
};

use super::{Expected, Named, Request, disposition};
use crate::error::{Error, Result};

/// Bytes that a file in a folder is written at once.
const FOLDER_PART: usize = 256 << 10;
/// S3 takes no parts below five MiB.
const BUCKET_PART: usize = 8 << 20;
/// How long the store may be silent.
const SILENCE: Duration = Duration::from_secs(15);

/// A bucket of an S3 server.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The server, where it is not AWS.
    pub endpoint: Option<String>,
    /// The same server as browsers reach it, where that is another address.
    pub public_endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// The keys; where there are none, those of the environment as AWS names it.
    pub keys: Option<(String, String)>,
    /// What stands before every key.
    pub prefix: String,
}

/// The objects of a deployment.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// Signs addresses of the store itself; none where it has none.
    signer: Option<Arc<dyn Signer>>,
    /// What stands before every key.
    prefix: Path,
    part: usize,
}

/// What an object is, as the store says when it hands it out by itself.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its media type.
    pub content_type: &'a str,
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its key.
    pub key: String,
    /// When it was written.
    pub written_at: Timestamp,
}

/// An object that is being written; it is not there before [`Writer::finish`], and what was there stays until then.
pub struct Writer {
    objects: Objects,
    path: Path,
    attributes: Attributes,
    held: Vec<Bytes>,
    size: usize,
    parts: Option<WriteMultipart>,
}

fn failed(doing: &str, error: &StoreError) -> Error {
    Error::unavailable(format!("the store of files, {doing}: {error}"))
}

impl Objects {
    /// In a folder, which is made when something is written.
    ///
    /// # Errors
    /// When its path is none.
    pub fn in_folder(folder: &FilePath) -> anyhow::Result<Self> {
        let prefix = Path::from_absolute_path(std::path::absolute(folder)?)?;
        let store = LocalFileSystem::new().with_fsync(true);
        Ok(Objects { store: Arc::new(store), signer: None, prefix, part: FOLDER_PART })
    }

    /// In a bucket.
    ///
    /// # Errors
    /// When its settings are none.
    pub fn in_bucket(bucket: &Bucket) -> anyhow::Result<Self> {
        let client = ClientOptions::new().with_allow_http(true).with_connect_timeout(Duration::from_secs(3)).with_read_timeout(SILENCE);
        let retry = RetryConfig { max_retries: 2, retry_timeout: SILENCE, ..RetryConfig::default() };
        let of = |endpoint: Option<&String>| {
            let mut builder = match &bucket.keys {
                Some((id, secret)) => AmazonS3Builder::new().with_access_key_id(id).with_secret_access_key(secret),
                None => AmazonS3Builder::from_env(),
            };
            builder = builder.with_bucket_name(&bucket.name).with_region(&bucket.region);
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint);
            }
            builder.with_client_options(client.clone()).with_retry(retry.clone()).build()
        };
        let store = of(bucket.endpoint.as_ref())?;
        let signer = of(bucket.public_endpoint.as_ref().or(bucket.endpoint.as_ref()))?;
        Ok(Objects {
            store: Arc::new(store),
            signer: Some(Arc::new(signer)),
            prefix: Path::from(bucket.prefix.as_str()),
            part: BUCKET_PART,
        })
    }

    fn path(&self, key: &str) -> Path {
        self.prefix.parts().chain(key.split('/').map(PathPart::from)).collect()
    }

    /// Begins to write an object.
    pub fn write(&self, key: &str, kept: Option<Kept<'_>>) -> Writer {
        let mut attributes = Attributes::new();
        // A folder keeps nothing but bytes.
        if let Some(Kept { name, content_type }) = kept.filter(|_| self.signer.is_some()) {
            attributes.insert(Attribute::ContentType, content_type.to_owned().into());
            attributes.insert(Attribute::ContentDisposition, disposition(name, false).into());
        }
        Writer { objects: self.clone(), path: self.path(key), attributes, held: Vec::new(), size: 0, parts: None }
    }

    /// The bytes of an object, or of a part of it; none where there is no such object.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the store does not answer.
    pub async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<BoxStream<'static, Result<Bytes>>>> {
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        match self.store.get_opts(&self.path(key), options).await {
            Ok(found) => Ok(Some(found.into_stream().map_err(|error| failed("reading", &error)).boxed())),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("reading", &error)),
        }
    }

    /// Whether there is such an object.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the store does not answer.
    pub async fn holds(&self, key: &str) -> Result<bool> {
        match self.store.head(&self.path(key)).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed("looking", &error)),
        }
    }

    /// How many bytes an object has; none where there is no such object.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the store does not answer.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        match self.store.head(&self.path(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("looking", &error)),
        }
    }

    /// Deletes an object; one that is not there is no failure.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the store does not answer.
    pub async fn delete(&self, key: &str) -> Result<()> {
        match self.store.delete(&self.path(key)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("deleting", &error)),
        }
    }

    /// The objects whose keys begin with a folder.
    pub fn list(&self, folder: &str) -> impl Stream<Item = Result<Stored>> + Send + use<> {
        let prefix = self.prefix.clone();
        self.store.list(Some(&self.path(folder))).map(move |found| {
            let found = found.map_err(|error| failed("listing", &error))?;
            let parts = found.location.prefix_match(&prefix).into_iter().flatten();
            let key = parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/");
            let written_at = Timestamp::from_second(found.last_modified.timestamp()).unwrap_or(Timestamp::MAX);
            Ok(Stored { key, written_at })
        })
    }

    /// Deletes what writers have left behind in a folder whose processes were killed, if it is older than that; answers how many. (Of a bucket
    /// its own rules take care.)
    ///
    /// # Errors
    /// `UNAVAILABLE` where the folder can't be read.
    pub async fn tidy(&self, folder: &str, older_than: Duration) -> Result<usize> {
        if self.signer.is_some() {
            return Ok(0);
        }
        let root = FilePath::new("/").join(self.path(folder).as_ref());
        let tidied = tokio::task::spawn_blocking(move || tidy(&root, older_than)).await;
        tidied.map_err(std::io::Error::other).flatten().map_err(|error| Error::unavailable(format!("the store of files, tidying: {error}")))
    }

    /// Where the store itself takes the bytes of an upload; none where it has no address. It takes these bytes alone, as far as it can be
    /// told to by a signature.
    pub(super) async fn presigned_put(&self, expected: &Expected<'_>, now: Timestamp) -> Result<Option<Request>> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let hash = HEXLOWER_PERMISSIVE.decode(expected.sha256.as_bytes()).map_err(|_| Error::internal("a hash is not in hex"))?;
        let headers = vec![("content-type", expected.content_type.to_owned()), ("x-amz-checksum-sha256", BASE64.encode(&hash))];
        // The hash stands for the length, which the library lets nobody sign.
        let mut options = SignedUrlOptions::new();
        for (name, value) in &headers {
            let value = HeaderValue::from_str(value).map_err(|_| Error::internal("a header can't hold a media type"))?;
            options = options.with_signed_header(HeaderName::from_static(name), value);
        }
        let path = self.path(&super::staged(expected.tenant, expected.id));
        let url = signer.signed_url_opts(Method::PUT, &path, life(now, expected.until), &options).await;
        Ok(Some(Request { url: url.map_err(|error| failed("signing", &error))?.to_string(), headers }))
    }

    /// Where the store itself hands an object out; none where it has no address.
    pub(super) async fn presigned_get(&self, named: &Named<'_>, now: Timestamp, until: Timestamp) -> Result<Option<String>> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let options = SignedUrlOptions::new().with_query([
            ("response-content-type", named.content_type.to_owned()),
            ("response-content-disposition", disposition(named.name, named.inline)),
            ("response-cache-control", format!("private, max-age={}", life(now, until).as_secs())),
        ]);
        let url = signer.signed_url_opts(Method::GET, &self.path(named.object), life(now, until), &options).await;
        Ok(Some(url.map_err(|error| failed("signing", &error))?.to_string()))
    }
}

/// How long it is until a moment; a second at least.
fn life(now: Timestamp, until: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(now.duration_until(until).as_secs()).unwrap_or_default().max(1))
}

/// Deletes unfinished files (`name#1`) below a folder.
fn tidy(folder: &FilePath, older_than: Duration) -> std::io::Result<usize> {
    let mut gone = 0;
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            gone += tidy(&entry.path(), older_than)?;
            continue;
        }
        let name = entry.file_name();
        let is_unfinished =
            name.to_string_lossy().rsplit_once('#').is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if is_unfinished && entry.metadata()?.modified()?.elapsed().is_ok_and(|age| age > older_than) {
            std::fs::remove_file(entry.path())?;
            gone += 1;
        }
    }
    Ok(gone)
}

impl Writer {
    /// Writes on.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the store does not answer.
    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
        if let Some(parts) = &mut self.parts {
            // Two parts in flight: memory does not grow with the object.
            parts.wait_for_capacity(2).await.map_err(|error| failed("writing", &error))?;
            parts.put(bytes);
            return Ok(());
        }
        self.size += bytes.len();
        self.held.push(bytes);
        if self.size >= self.objects.part {
            let options = PutMultipartOptions { attributes: self.attributes.clone(), ..PutMultipartOptions::default() };
            let begun = self.objects.store.put_multipart_opts(&self.path, options).await;
            let mut parts = WriteMultipart::new_with_chunk_size(begun.map_err(|error| failed("writing", &error))?, self.objects.part);
            for bytes in self.held.drain(..) {
                parts.put(bytes);
            }
            self.parts = Some(parts);
        }
        Ok(())
    }

    /// The object is there from now on.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the store does not answer.
    pub async fn finish(mut self) -> Result<()> {
        let finished = match self.parts.take() {
            Some(parts) => parts.finish().await,
            None => {
                let payload: PutPayload = self.held.drain(..).collect();
                let options = PutOptions { attributes: std::mem::take(&mut self.attributes), ..PutOptions::default() };
                self.objects.store.put_opts(&self.path, payload, options).await
            }
        };
        finished.map(drop).map_err(|error| failed("writing", &error))
    }

    /// Nothing of it stays. What a crash leaves of it the sweep finds, or the store's own rules for unfinished uploads.
    pub async fn abort(mut self) {
        if let Some(parts) = self.parts.take()
            && let Err(error) = parts.abort().await
        {
            tracing::warn!(%error, "an unfinished object could not be given up");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(objects: &Objects, key: &str, range: Option<Range<u64>>) -> Option<Vec<u8>> {
        let stream = objects.read(key, range).await.unwrap()?;
        Some(stream.try_collect::<Vec<_>>().await.unwrap().concat())
    }

    #[tokio::test]
    async fn an_object_is_there_when_it_is_whole() {
        let folder = std::env::temp_dir().join(format!("lectern objects é#%{}", uuid::Uuid::now_v7()));
        let objects = Objects::in_folder(&folder).unwrap();
        assert_eq!(read(&objects, "schools/a/b_c.txt", None).await, None);
        for size in [0, 1, FOLDER_PART - 1, FOLDER_PART, 3 * FOLDER_PART + 7] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let mut writer = objects.write("schools/a/b_c.txt", Some(Kept { name: "c.txt", content_type: "text/plain" }));
            for chunk in bytes.chunks(100_000) {
                writer.push(Bytes::copy_from_slice(chunk)).await.unwrap();
            }
            writer.finish().await.unwrap();
            assert_eq!(read(&objects, "schools/a/b_c.txt", None).await, Some(bytes));
        }
        assert_eq!(read(&objects, "schools/a/b_c.txt", Some(250..253)).await, Some(vec![250, 0, 1]));
        assert!(objects.holds("schools/a/b_c.txt").await.unwrap() && !objects.holds("schools/a/b_d.txt").await.unwrap());

        let mut given_up = objects.write("schools/a/d_e.txt", None);
        given_up.push(Bytes::from(vec![1; 2 * FOLDER_PART])).await.unwrap();
        given_up.abort().await;
        assert_eq!(read(&objects, "schools/a/d_e.txt", None).await, None);
        let keys: Vec<String> = objects.list("schools").map_ok(|stored| stored.key).try_collect().await.unwrap();
        assert_eq!(keys, ["schools/a/b_c.txt"]);

        for _twice in 0..2 {
            objects.delete("schools/a/b_c.txt").await.unwrap();
        }
        assert_eq!(read(&objects, "schools/a/b_c.txt", None).await, None);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
