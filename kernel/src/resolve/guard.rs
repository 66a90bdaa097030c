//! The directives by which the schema shows who may ask for a field. They are made of the same declaration as its guard
//! ([`super::Access`]).

use async_graphql::TypeDirective;

use crate::permission::Permission;

/// The field needs one of these permissions of the active role. Without this directive and without `@public`, any
/// signed-in person may ask, and rows decide.
#[TypeDirective(location = "FieldDefinition", name = "requiresPermission")]
pub fn requires_permission(any_of: Vec<Permission>) {}

/// Signed-out people may ask, too.
#[TypeDirective(location = "FieldDefinition", name = "public")]
pub fn public() {}
