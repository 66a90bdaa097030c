//! Who is asking: passwords, tokens, permissions, the actor.

mod actor;
mod password;
pub mod permission;
mod permission_set;
mod system_role;
mod token;

pub use self::{
    actor::Actor,
    password::{PasswordError, Passwords},
    permission::Permission,
    permission_set::PermissionSet,
    system_role::SystemRole,
    token::{Claims, IssuedToken, RefreshToken, SigningKey, Tokens},
};
