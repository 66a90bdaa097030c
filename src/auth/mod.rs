//! Who is asking: passwords, tokens, permissions, the actor.

mod actor;
mod password;
mod permission;
mod token;

pub use self::{
    actor::Actor,
    password::{PasswordError, Passwords},
    permission::{Permission, PermissionSet},
    token::{Claims, IssuedToken, RefreshToken, SigningKey, Tokens},
};
