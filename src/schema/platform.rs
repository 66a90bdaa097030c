//! The platform's schema: served at an address of its own, with tokens of its own.

use lectern_kernel::{
    execute::Schema,
    request::Limits,
    resolve::{SchemaOf, registry::Domain},
};

use crate::domains;

/// This schema.
pub struct Platform;

impl SchemaOf for Platform {
    fn domains() -> &'static [&'static Domain] {
        domains::PLATFORM
    }

    const DESCRIPTION: &'static str = "Lectern's platform: the schools of a deployment, for whoever runs it. Sign in by `login`, send the token as\n\
         `Authorization: Bearer …`, and begin with `tenants` or `statistics`. Of the people of schools no more is known here than\n\
         numbers, and who administers them.";

    const QUERY: &'static str = "Everything that can be asked. A query document reads one snapshot.";

    const MUTATION: &'static str = "Everything that can be changed. A mutation document commits as a whole, and exactly when its `data` is not null. Whatever takes\n\
         a password, a code or a token stands alone in its document.";

    const SUBSCRIPTION: &'static str = "Nothing can be listened to here.";
}

/// The schema, as the kernel executes it.
pub fn build(limits: &Limits) -> Schema {
    Schema::of::<Platform>(limits)
}

/// The schema in its own language, as it stands in `schema-platform.graphql`.
pub fn sdl() -> String {
    Schema::sdl::<Platform>()
}
