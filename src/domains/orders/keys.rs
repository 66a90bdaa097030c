//! Keys of requests: the same again answers the same.

use async_graphql::Context;
use aws_lc_rs::digest::{Context as Hashing, SHA256};
use lectern_kernel::{
    error::{Error, Result},
    resolve::Ctx,
};
use uuid::Uuid;

use super::{refusing::refused, sql};

/// A key that a client has chosen for a request.
///
/// # Errors
/// `BAD_USER_INPUT` for what can't be one.
pub fn request_key(field: &str, given: &str) -> Result<String> {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    if (8..=64).contains(&given.len()) && given.bytes().all(is_plain) {
        Ok(given.to_owned())
    } else {
        Err(Error::bad_input(field, "must have 8 to 64 letters from A to Z, digits, hyphens and underscores"))
    }
}

/// What a request asked for, as it is compared: alike exactly where all parts are.
pub fn digest(parts: &[&str]) -> Vec<u8> {
    let mut context = Hashing::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().to_vec()
}

/// What the same request has made before, under this key; none where the key is new. For what is refused before the function that makes it is asked: a key that is new is left
/// as it was, since the refusal takes everything back.
///
/// # Errors
/// `CONFLICT` with IDEMPOTENCY_KEY_REUSED where it was used for another request.
pub async fn made_before(ctx: &Context<'_>, mutation: &str, key: &str, request: &[u8]) -> Result<Option<Uuid>> {
    let known = ctx.tx().value::<Option<Uuid>>(sql::USE_KEY, &[&mutation, &key, &request]).await;
    Ok(refused(known)?.flatten())
}

/// What is wrong with a request; but under a key that was used it is another request than that one, whatever is wrong with it.
pub async fn unless_used(ctx: &Context<'_>, mutation: &str, key: &str, wrong: Error) -> Error {
    // No request is digested to that.
    match made_before(ctx, mutation, key, &[0; 32]).await {
        Err(reused) => reused,
        Ok(_) => wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_alike_where_all_parts_are() {
        assert_eq!(digest(&["a", "bc"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["a", "bc"]), digest(&["ab", "c"]));
        assert_ne!(digest(&["a"]), digest(&["a", ""]));
    }

    #[test]
    fn a_key_is_plain() {
        assert!(request_key("idempotencyKey", "cart-2027_a").is_ok());
        for wrong in ["", "short", "with a blank", "ümlaut-1", &"x".repeat(65)] {
            assert!(request_key("idempotencyKey", wrong).is_err(), "{wrong}");
        }
    }
}
