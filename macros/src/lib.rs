//! The declarations of types and operations.
//!
//! Each macro reads one declaration and writes static tables out of it ([`lectern_kernel::resolve::ObjectDef`] and what it is
//! made of), which one driver executes. What a field is called, what it needs and what it reads stands in that declaration
//! alone. `snapshots/` shows what the macros write.

mod declared;
mod fields;
mod input;
mod object;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// An object type of the schema. With `table = …` its fields are columns of that table; without, they are values in memory.
///
/// On the type: `table`, `alias`, `id` (the prefix of its ids), `key` (the column of its ids, `id` unless given), `live` (what a
/// row must fulfil, over the alias `{}`), `node` or `node(CourseRead)` (whether `node` answers it, and what that needs), `name`
/// (in the schema), `resolvers` (it has a block of [`macro@resolvers`]), `edge` (columns beside the nodes of a list).
/// On a field: `#[column("…")]` (an expression), `#[wide]` (read only when asked for), `#[hidden]` (not in the schema),
/// `#[secret]` (written, never read), `#[one]` (the id of a to-one child, shown as that), `#[needs(…)]`.
#[proc_macro_attribute]
pub fn object(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attribute as object::Options);
    let item = parse_macro_input!(item as syn::ItemStruct);
    object::expand(options, item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Fields of a type that take more than a column. Parameters in front of `ctx` are columns of the type, those behind it
/// are arguments. A function that is not `async` is answered at once, out of columns and `request`.
///
/// On a function: `#[needs(…)]`, `#[signed_in]`, `#[cost(20)]` or `#[cost(function)]`, `#[count(function = "…", key = "…")]` or
/// `#[one]` (`fn actor(actor_id: Option<Id<User>>) -> User;`) on one without a body. On an argument: its description; `#[texts(first = "…")]` on a `Paging` or `Forward`.
#[proc_macro_attribute]
pub fn resolvers(_attribute: TokenStream, item: TokenStream) -> TokenStream {
    let block = parse_macro_input!(item as syn::ItemImpl);
    fields::resolvers(block).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Fields that one domain adds to a type of another: `#[extends(Course)] impl CourseBulletins { … }`. As
/// [`macro@resolvers`]; a function without a body is a column of the type's table: `#[column] fn points() -> i32;`.
#[proc_macro_attribute]
pub fn extends(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let of = parse_macro_input!(attribute as syn::Path);
    let block = parse_macro_input!(item as syn::ItemImpl);
    fields::extends(of, block).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Fields of the root of queries. Whoever is signed in may ask, unless `#[needs(…)]`, `#[public]` or `#[authenticated]` says
/// otherwise.
#[proc_macro_attribute]
pub fn queries(_attribute: TokenStream, item: TokenStream) -> TokenStream {
    let block = parse_macro_input!(item as syn::ItemImpl);
    fields::operations(None, block).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Fields of the root of mutations, about a type: `#[mutations("Course")]`. As [`macro@queries`], and `#[about("Section")]`,
/// `#[session]`, `#[in_person]`, `#[knocks(Password)]`, `#[ahead(function)]`, `#[hashes_password]`, `#[stores]`, `#[budget(CHANGES)]`,
/// `#[guesses("key", Key("BAD_KEY"))]`.
#[proc_macro_attribute]
pub fn mutations(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let about = parse_macro_input!(attribute as syn::LitStr);
    let block = parse_macro_input!(item as syn::ItemImpl);
    fields::operations(Some(about), block).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// An input whose fields are written into the columns of a type that have the same names: `#[writes(Course)]`.
///
/// On a field: `#[check(text::name)]` (a function of the field's name and its value), `#[by_hand]` (the code writes it).
#[proc_macro_attribute]
pub fn writes(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let of = parse_macro_input!(attribute as syn::Path);
    let item = parse_macro_input!(item as syn::ItemStruct);
    input::expand(of, item).unwrap_or_else(syn::Error::into_compile_error).into()
}
