//! `#[object]`: a type, its columns and the fields that are columns.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Error, Field, Fields, Ident, ItemStruct, LitStr, Result, Token, Type, parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use crate::declared::{access, camel, description, flag, id_of, option, permissions, take, type_of};

/// What stands in `#[object(…)]`.
#[derive(Default)]
pub struct Options {
    table: Option<LitStr>,
    alias: Option<LitStr>,
    id: Option<LitStr>,
    key: Option<LitStr>,
    live: Option<LitStr>,
    name: Option<LitStr>,
    node: Option<Vec<Ident>>,
    has_resolvers: bool,
    is_edge: bool,
    is_dear: bool,
}

impl Parse for Options {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut options = Options::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            let text = || -> Result<Option<LitStr>> {
                input.parse::<Token![=]>()?;
                input.parse().map(Some)
            };
            match name.to_string().as_str() {
                "table" => options.table = text()?,
                "alias" => options.alias = text()?,
                "id" => options.id = text()?,
                "key" => options.key = text()?,
                "live" => options.live = text()?,
                "name" => options.name = text()?,
                "resolvers" => options.has_resolvers = true,
                "edge" => options.is_edge = true,
                "dear" => options.is_dear = true,
                "node" if input.peek(syn::token::Paren) => {
                    let needs;
                    parenthesized!(needs in input);
                    options.node = Some(Punctuated::<Ident, Token![,]>::parse_terminated(&needs)?.into_iter().collect());
                }
                "node" => options.node = Some(Vec::new()),
                other => return Err(Error::new(name.span(), format!("#[object] knows no `{other}`"))),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

/// A column, as its field declares it.
struct Column {
    ident: Ident,
    ty: Type,
    expression: String,
    is_wide: bool,
    is_secret: bool,
    field: Option<TokenStream>,
}

impl Column {
    fn read(field: &mut Field) -> Result<Self> {
        let ident = field.ident.clone().ok_or_else(|| Error::new_spanned(&*field, "a column has a name"))?;
        let attributes = &mut field.attrs;
        let expression = match take(attributes, "column") {
            Some(attribute) => attribute.parse_args::<LitStr>()?.value(),
            None => ident.to_string(),
        };
        let (is_wide, is_secret, is_hidden, one) =
            (flag(attributes, "wide"), flag(attributes, "secret"), flag(attributes, "hidden"), take(attributes, "one"));
        let access = option(access(attributes)?);
        let ty = field.ty.clone();
        let text = description(&field.attrs);
        let resolve = quote!(::lectern_kernel::resolve);
        let shown = if is_hidden || is_secret {
            None
        } else if one.is_some() {
            let target = id_of(&ty).ok_or_else(|| Error::new_spanned(&ty, "#[one] takes an Id<T> or an Option<Id<T>>"))?;
            let shown = ident.to_string();
            let shown =
                shown.strip_suffix("_id").ok_or_else(|| Error::new_spanned(&ident, "#[one] takes a column whose name ends in _id"))?;
            let name = camel(&format_ident!("{shown}"));
            Some(quote! {
                name: #name, description: #text, access: #access,
                ty: <::core::option::Option<#resolve::Loaded<#target>> as ::async_graphql::OutputType>::create_type_info,
                source: #resolve::Source::One(#resolve::Place::Own(Self::COLUMNS.#ident.index), <#target as #resolve::Entity>::object),
            })
        } else {
            let (name, type_of) = (camel(&ident), type_of(&ty));
            Some(quote! {
                name: #name, description: #text, access: #access, ty: #type_of,
                source: #resolve::Source::Column(Self::COLUMNS.#ident.index, #resolve::write_column::<#ty>),
            })
        };
        let field =
            shown.map(|shown| quote!(#resolve::FieldDef { #shown arguments: &[], cost: ::core::option::Option::None, reads_wide: false }));
        Ok(Column { ident, ty, expression, is_wide, is_secret, field })
    }

    /// Its line among the columns that are read.
    fn definition(&self) -> TokenStream {
        let Column { expression, is_wide, ty, .. } = self;
        let references = option(id_of(ty).map(|target| quote!(<#target as ::lectern_kernel::ids::Kind>::PREFIX)));
        quote!(::lectern_kernel::resolve::ColumnDef { expression: #expression, is_wide: #is_wide, references: #references })
    }
}

/// Writes the tables of a type.
pub fn expand(options: Options, mut item: ItemStruct) -> Result<TokenStream> {
    let text = description(&item.attrs);
    let ident = item.ident.clone();
    let name = options.name.as_ref().map_or_else(|| ident.to_string(), LitStr::value);
    if options.table.is_none() && !options.is_edge {
        return value(&name, &text, options.has_resolvers, item);
    }
    let Fields::Named(fields) = &mut item.fields else { return Err(Error::new_spanned(&ident, "a type with a table has named fields")) };
    let columns: Vec<Column> = fields.named.iter_mut().map(Column::read).collect::<Result<_>>()?;
    // What can't be read stands in no struct.
    fields.named = std::mem::take(&mut fields.named)
        .into_iter()
        .zip(&columns)
        .filter(|(_, column)| !column.is_secret)
        .map(|(field, _)| field)
        .collect();

    let by_width = |is_wide: bool| columns.iter().filter(move |column| !column.is_secret && column.is_wide == is_wide);
    let read: Vec<&Column> = by_width(false).chain(by_width(true)).collect();
    let definitions = read.iter().map(|column| column.definition());
    let (read_idents, indices): (Vec<_>, Vec<_>) = read.iter().enumerate().map(|(index, column)| (&column.ident, index)).unzip();
    let places = columns.iter().map(|Column { ident, ty, is_secret, is_wide, expression, .. }| match is_secret {
        true => quote!(#ident: ::lectern_kernel::resolve::Column::<#ty>::secret(#expression)),
        false => {
            let index = read.iter().position(|column| column.ident == *ident);
            quote!(#ident: ::lectern_kernel::resolve::Column::<#ty>::new(#index, #expression, #is_wide))
        }
    });
    let secrets = columns.iter().filter(|column| column.is_secret).map(|column| &column.expression);
    let (idents, types): (Vec<_>, Vec<_>) = columns.iter().map(|column| (&column.ident, &column.ty)).unzip();
    let shown = columns.iter().filter_map(|column| column.field.as_ref());
    let places_type = format_ident!("{ident}Columns");
    let visibility = &item.vis;
    let resolvers = if options.has_resolvers { quote!(Self::RESOLVERS) } else { quote!(&[]) };
    let table = option(table(&options)?);
    let resolve = quote!(::lectern_kernel::resolve);
    let kind = if options.is_edge {
        quote! {
            impl #resolve::EdgeFields for #ident {
                fn edge() -> ::core::option::Option<&'static #resolve::ObjectDef> {
                    ::core::option::Option::Some(Self::object())
                }
            }
        }
    } else {
        let prefix = options.id.as_ref().ok_or_else(|| Error::new_spanned(&ident, "a type with a table says `id = …`"))?;
        quote! {
            impl ::lectern_kernel::ids::Kind for #ident {
                const PREFIX: &'static str = #prefix;
                const TYPE: &'static str = #name;
            }
            impl #resolve::Entity for #ident {
                fn object() -> &'static #resolve::ObjectDef {
                    Self::object()
                }
                fn read(object: &#resolve::Object) -> ::core::result::Result<Self, ::lectern_kernel::db::DbError> {
                    ::core::result::Result::Ok(#ident { #(#read_idents: object.at(#indices)?),* })
                }
            }
        }
    };
    Ok(quote! {
        #[allow(dead_code, reason = "columns may be answered alone")]
        #item

        #[doc = "The columns of this type, for statements and resolvers."]
        #[doc(hidden)]
        #visibility struct #places_type { #(pub #idents: #resolve::Column<#types>),* }

        impl #ident {
            #[doc = "Its columns."]
            #[doc(hidden)]
            pub const COLUMNS: #places_type = #places_type { #(#places),* };
            const OBJECT: #resolve::ObjectDef = #resolve::ObjectDef {
                name: #name, description: #text, table: #table,
                columns: &[#(#definitions),*], secrets: &[#(#secrets),*], fields: &[#(#shown),*], resolvers: #resolvers,
            };
            #[doc = "What the type is made of."]
            pub fn object() -> &'static #resolve::ObjectDef {
                static OBJECT: #resolve::ObjectDef = #ident::OBJECT;
                &OBJECT
            }
        }
        #kind
    })
}

fn table(options: &Options) -> Result<Option<TokenStream>> {
    let Options { table: Some(table), alias, id: Some(id), key, live, node, is_dear, .. } = options else { return Ok(None) };
    let alias = alias.as_ref().ok_or_else(|| Error::new_spanned(table, "a table has an `alias = …`"))?;
    let key = key.as_ref().map_or_else(|| "id".to_owned(), LitStr::value);
    let (live, node) = (option(live.as_ref()), option(node.as_ref().map(|needs| permissions(needs))));
    Ok(Some(
        quote!(::lectern_kernel::resolve::TableDef { name: #table, alias: #alias, key: #key, live: #live, prefix: #id, node: #node, is_dear: #is_dear }),
    ))
}

/// A type in memory: each field is answered as its own type is.
fn value(name: &str, text: &str, has_resolvers: bool, mut item: ItemStruct) -> Result<TokenStream> {
    let ident = item.ident.clone();
    let resolve = quote!(::lectern_kernel::resolve);
    let mut shown = Vec::new();
    for field in &mut item.fields {
        let is_hidden = flag(&mut field.attrs, "hidden");
        let access = option(access(&mut field.attrs)?);
        let Some(member) = field.ident.clone().filter(|_| !is_hidden) else { continue };
        let (name, text, type_of) = (camel(&member), description(&field.attrs), type_of(&field.ty));
        shown.push(quote! {
            #resolve::FieldDef {
                name: #name, description: #text, access: #access, ty: #type_of, arguments: &[], cost: ::core::option::Option::None,
                reads_wide: false,
                source: #resolve::Source::Resolver(|parent, ctx| ::std::boxed::Box::pin(#resolve::answer_ref(ctx, &parent.value::<#ident>().#member))),
            }
        });
    }
    let resolvers = if has_resolvers { quote!(Self::RESOLVERS) } else { quote!(&[]) };
    Ok(quote! {
        #[allow(dead_code, reason = "fields may be answered alone")]
        #item

        impl #ident {
            const OBJECT: #resolve::ObjectDef = #resolve::ObjectDef {
                name: #name, description: #text, table: ::core::option::Option::None,
                columns: &[], secrets: &[], fields: &[#(#shown),*], resolvers: #resolvers,
            };
            #[doc = "What the type is made of."]
            pub fn object() -> &'static #resolve::ObjectDef {
                static OBJECT: #resolve::ObjectDef = #ident::OBJECT;
                &OBJECT
            }
        }

        impl ::async_graphql::OutputType for #ident {
            fn type_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(#name)
            }
            fn create_type_info(registry: &mut ::async_graphql::registry::Registry) -> ::std::string::String {
                #resolve::register(registry, Self::object())
            }
            async fn resolve(
                &self,
                ctx: &::async_graphql::ContextSelectionSet<'_>,
                _field: &::async_graphql::Positioned<::async_graphql::parser::types::Field>,
            ) -> ::async_graphql::ServerResult<::async_graphql::Value> {
                #resolve::resolve_value(ctx, self, Self::object()).await
            }
        }
    })
}
