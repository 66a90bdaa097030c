//! What attributes and types say, whichever macro reads them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, GenericArgument, Ident, Lit, Meta, Path, PathArguments, Result, Token, Type, punctuated::Punctuated};

/// The description of something: its doc comment.
pub fn description(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(line) => Some(line.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Takes an attribute away, and answers it.
pub fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let at = attributes.iter().position(|attribute| attribute.path().is_ident(name))?;
    Some(attributes.remove(at))
}

/// Whether there was an attribute; it is taken away.
pub fn flag(attributes: &mut Vec<Attribute>, name: &str) -> bool {
    take(attributes, name).is_some()
}

/// The names in `#[needs(CourseCreate, CourseUpdateAll)]`.
pub fn names(attribute: &Attribute) -> Result<Vec<Ident>> {
    Ok(attribute.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated)?.into_iter().collect())
}

/// Permissions as a static list.
pub fn permissions(names: &[Ident]) -> TokenStream {
    quote!(&[#(::lectern_kernel::permission::Permission::#names),*])
}

/// Who may ask, out of the attributes of a field; they are taken away.
pub fn access(attributes: &mut Vec<Attribute>) -> Result<Option<TokenStream>> {
    let access = quote!(::lectern_kernel::resolve::Access);
    if let Some(needs) = take(attributes, "needs") {
        let permissions = permissions(&names(&needs)?);
        return Ok(Some(quote!(#access::AnyOf(#permissions))));
    }
    for (name, variant) in [("public", quote!(Public)), ("authenticated", quote!(Authenticated)), ("signed_in", quote!(SignedIn))] {
        if flag(attributes, name) {
            return Ok(Some(quote!(#access::#variant)));
        }
    }
    Ok(None)
}

/// `None` or `Some(…)` as tokens.
pub fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// `created_at` as GraphQL has it: `createdAt`.
pub fn camel(name: &Ident) -> String {
    let name = name.to_string();
    let mut words = name.trim_start_matches("r#").split('_').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(1);
        name + &head.to_uppercase() + tail
    })
}

/// The last name of a type's path, and its first generic argument: `Option<Id<User>>` is `("Option", Id<User>)`.
pub fn outer(ty: &Type) -> (String, Option<&Type>) {
    let Type::Path(path) = ty else { return (String::new(), None) };
    let Some(last) = path.path.segments.last() else { return (String::new(), None) };
    let argument = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    };
    (last.ident.to_string(), argument)
}

/// The `T` of an `Id<T>` or `Option<Id<T>>`.
pub fn id_of(ty: &Type) -> Option<&Type> {
    match outer(ty) {
        (name, Some(of)) if name == "Id" => Some(of),
        (name, Some(inner)) if name == "Option" => match outer(inner) {
            (name, Some(of)) if name == "Id" => Some(of),
            _ => None,
        },
        _ => None,
    }
}

/// How a type is called in the schema, as a function of its registry.
pub fn type_of(ty: &Type) -> TokenStream {
    quote!(<#ty as ::async_graphql::OutputType>::create_type_info)
}

/// The columns of a type, by name.
pub fn columns(of: &Path) -> TokenStream {
    quote!(#of::COLUMNS)
}
