//! States: a GraphQL enum whose values the database keeps as text behind a CHECK. (Equality of PostgreSQL's own enum
//! types is not leakproof, so it could not use an index under row security.)

/// Declares such an enum. The text is also the GraphQL name: `Draft = "DRAFT"`.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$value_meta:meta])* $value:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(async_graphql::Enum, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum $name {
            $($(#[$value_meta])* #[graphql(name = $text)] $value),+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$value),+];

            /// The text in the database and in GraphQL.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$value => $text),+ }
            }

            /// The value of a text.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$value),)+ _ => None }
            }
        }

        $crate::column_inputs!($name);

        impl $crate::resolve::Written for $name {
            fn write(&self, out: &mut $crate::resolve::JsonText) {
                $crate::resolve::Written::write(&self.as_str(), out);
            }
        }

        impl $crate::resolve::Scalar for $name {
            type Read<'a> = &'a str;
        }

        impl Default for $name {
            /// The first.
            fn default() -> Self {
                Self::ALL[0]
            }
        }

        impl tokio_postgres::types::ToSql for $name {
            fn to_sql(&self, ty: &tokio_postgres::types::Type, out: &mut tokio_postgres::types::private::BytesMut)
                -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
                self.as_str().to_sql(ty, out)
            }
            fn accepts(ty: &tokio_postgres::types::Type) -> bool {
                <&str as tokio_postgres::types::ToSql>::accepts(ty)
            }
            tokio_postgres::types::to_sql_checked!();
        }

        impl<'a> tokio_postgres::types::FromSql<'a> for $name {
            fn from_sql(ty: &tokio_postgres::types::Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                let text = <&str as tokio_postgres::types::FromSql>::from_sql(ty, raw)?;
                Self::from_text(text).ok_or_else(|| format!(concat!("{} is no ", stringify!($name)), text).into())
            }
            fn accepts(ty: &tokio_postgres::types::Type) -> bool {
                <&str as tokio_postgres::types::FromSql>::accepts(ty)
            }
        }
    };
}
