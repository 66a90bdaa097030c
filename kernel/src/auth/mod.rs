//! Who is asking: passwords, tokens, the actor.

mod actor;
mod password;
mod token;

pub use self::{
    actor::Actor,
    password::{PasswordError, Passwords, Verdict},
    token::{Claims, DeviceToken, IssuedToken, RefreshToken, SigningKey, Tokens},
};
