//! Finding out what a stranger's request leads to: in the school that it names, if there is one. Whoever asked has their answer already.

use lectern_kernel::{
    auth::LinkToken,
    db::{Identity, Tx},
    error::Error,
    ids::Id,
    jobs::{Done, Failure, Job, JobKind, JobLane},
    sealing::Sealer,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{CONFIRM_SIGN_UP, PASSWORD_RESET, SIGN_IN_CODE, SIGN_UP_KNOWN, code, sql};
use crate::domains::mail::Letter;

/// Finds out about one request.
pub const REQUEST: JobKind = JobKind::new("account.request", JobLane::Default, |job| Box::pin(find_out(job)));

#[derive(Deserialize)]
struct Asked {
    request: Uuid,
}

/// What somebody has asked for.
struct Request {
    kind: String,
    email: String,
    key: String,
    name: Option<String>,
    role_key: Option<String>,
    message: Option<String>,
}

impl Request {
    /// With the school that it names.
    fn read(row: &Row) -> Result<(Option<Uuid>, Self), tokio_postgres::Error> {
        let request = Request {
            kind: row.try_get("kind")?,
            email: row.try_get("email")?,
            key: row.try_get::<_, Option<String>>("email_key")?.unwrap_or_default(),
            name: row.try_get("name")?,
            role_key: row.try_get("role_key")?,
            message: row.try_get("message")?,
        };
        Ok((row.try_get("school_id")?, request))
    }
}

async fn find_out(mut job: Job) -> Result<Done, Failure> {
    let Asked { request } = job.payload()?;
    let sealer = job.outside::<Sealer>()?;
    let tx = job.begin().await?;
    let rows = tx.query(sql::TAKE_REQUEST, &[&request]).await?;
    if let Some(row) = rows.first()
        && let (Some(tenant), request) = Request::read(row)?
    {
        tx.assume(Identity { tenant, ..Identity::default() }).await?;
        match request.kind.as_str() {
            "PASSWORD_RESET" => reset(&tx, &sealer, tenant, &request).await?,
            "SIGN_IN_CODE" => sign_in(&tx, &sealer, tenant, &request).await?,
            "SIGN_UP" => sign_up(&tx, &sealer, tenant, &request).await?,
            other => return Err(Failure::Dead(Error::internal(format!("nobody knows what {other} is")))),
        }
        tx.assume(Identity::default()).await?;
    }
    job.finish(tx).await
}

/// What a mail is filled with that holds one secret.
pub(super) fn holding(name: &str, secret: String) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), Value::from(secret))])
}

async fn reset(tx: &Tx, sealer: &Sealer, tenant: Uuid, request: &Request) -> Result<(), Failure> {
    let token = LinkToken::generate(tenant)?;
    let person: Option<Option<Uuid>> = tx.value(sql::BEGIN_RESET, &[&request.key, &request.email, &token.hash()]).await?;
    if let Some(person) = person.flatten() {
        let parameters = holding("token", token.to_text());
        let letter = Letter { person: Some(Id::from_uuid(person)), parameters, is_spared: true, ..Letter::of(&PASSWORD_RESET) };
        letter.send(tx, sealer).await?;
    }
    Ok(())
}

async fn sign_in(tx: &Tx, sealer: &Sealer, tenant: Uuid, request: &Request) -> Result<(), Failure> {
    let digits = code::generate()?;
    let mac = code::sign(sealer, tenant, &request.key, &digits);
    let rows = tx.query(sql::BEGIN_CODE, &[&request.key, &request.email, &mac, &request.name]).await?;
    if let Some(row) = rows.first()
        && row.try_get("goes")?
    {
        let person: Option<Uuid> = row.try_get("person")?;
        let address = person.is_none().then(|| request.email.clone());
        let (person, parameters) = (person.map(Id::from_uuid), holding("code", digits));
        Letter { person, address, parameters, is_spared: true, ..Letter::of(&SIGN_IN_CODE) }.send(tx, sealer).await?;
    }
    Ok(())
}

async fn sign_up(tx: &Tx, sealer: &Sealer, tenant: Uuid, request: &Request) -> Result<(), Failure> {
    let token = LinkToken::generate(tenant)?;
    let Request { key, email, name, role_key, message, .. } = request;
    let rows = tx.query(sql::BEGIN_SIGN_UP, &[key, email, &token.hash(), name, role_key, message]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let person: Option<Uuid> = row.try_get("person")?;
    let letter = match row.try_get("outcome")? {
        "LINK" => Letter { address: Some(email.clone()), parameters: holding("token", token.to_text()), ..Letter::of(&CONFIRM_SIGN_UP) },
        "KNOWN" => Letter { person: person.map(Id::from_uuid), ..Letter::of(&SIGN_UP_KNOWN) },
        _ => return Ok(()),
    };
    letter.send(tx, sealer).await?;
    Ok(())
}
