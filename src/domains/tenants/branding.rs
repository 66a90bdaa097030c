//! How a school looks.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Loaded, one, text},
};
use lectern_macros::{object, resolvers};
use url::Url;

use crate::domains::files::{File, FileVisibility};

/// How a school looks, and where it is reached.
#[object(resolvers)]
pub struct Branding {
    /// Its colour, as `#rrggbb`; null for none.
    pub primary_color: Option<String>,
    /// Its own website; null for none.
    pub website: Option<String>,
    /// The email address at which it helps its people; null for none.
    pub support_email: Option<String>,
    #[hidden]
    pub logo_file_id: Option<Id<File>>,
}

#[resolvers]
impl Branding {
    /// Its logo; null where it has none, or as long as the file is not PUBLIC.
    async fn logo(&self, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        let Some(id) = self.logo_file_id else { return Ok(None) };
        let file = one(ctx, id).await?;
        Ok(match file {
            Some(file) if file.get(File::COLUMNS.visibility)? == FileVisibility::Public => Some(file),
            _ => None,
        })
    }
}

/// A colour, in lower case.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn color(field: &str, color: &str) -> Result<String> {
    let color = color.trim().to_ascii_lowercase();
    let is_one = color.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_one { Ok(color) } else { Err(Error::bad_input(field, "must be a colour such as #1a2b3c")) }
}

/// The address of a website.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn website(field: &str, address: &str) -> Result<String> {
    const MOST: usize = 500;
    let address = text::short(field, address, MOST)?;
    let expected = || Error::bad_input(field, format!("must be an address such as https://school.example/, of at most {MOST} characters"));
    let url = Url::parse(&address).map_err(|_| expected())?;
    let is_plain = url.scheme() == "https" && url.host_str().is_some() && url.username().is_empty() && url.password().is_none();
    let url = String::from(url);
    if is_plain && url.len() <= MOST { Ok(url) } else { Err(expected()) }
}
