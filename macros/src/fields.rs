//! `#[resolvers]`, `#[extends]`, `#[queries]`, `#[mutations]`: fields that are functions.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Error, Expr, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Pat, PatType, Path, Result, ReturnType, Signature, Token,
    TraitItemFn, Type, parse::ParseStream,
};

use crate::declared::{access, camel, columns, description, flag, id_of, option, outer, take, type_of};

/// The type of an `impl` block.
fn self_type(block: &ItemImpl) -> Result<syn::Path> {
    match &*block.self_ty {
        Type::Path(path) => Ok(path.path.clone()),
        other => Err(Error::new_spanned(other, "expected the name of a type")),
    }
}

/// What a parameter is.
enum Parameter {
    Itself,
    Context,
    Request,
    /// A column of the parent, by its name.
    Column(Ident),
    /// An argument, with the lines that define it and the one that reads it.
    Argument(Ident, TokenStream, TokenStream),
    /// The arguments of a page.
    Paging(Ident, TokenStream, TokenStream),
}

/// A field as its function declares it.
struct Declared {
    ident: Ident,
    parameters: Vec<Parameter>,
    description: String,
    access: Option<TokenStream>,
    cost: Option<Expr>,
    is_async: bool,
    /// What it answers, without `Result`.
    returned: Type,
    is_fallible: bool,
}

/// The texts in `#[texts(first = "…", after = "…")]` or `#[count(function = "…", key = "…")]`, by name.
fn texts(attribute: Option<Attribute>) -> Result<HashMap<String, String>> {
    let mut texts = HashMap::new();
    if let Some(attribute) = attribute {
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.require_ident()?.to_string();
            texts.insert(name, meta.value()?.parse::<LitStr>()?.value());
            Ok(())
        })?;
    }
    Ok(texts)
}

fn argument(name: &str, text: &str, ty: &Type) -> TokenStream {
    quote! {
        ::lectern_kernel::resolve::ArgumentDef {
            name: #name, description: #text, ty: <#ty as ::async_graphql::InputType>::create_type_info, default: ::core::option::Option::None,
        }
    }
}

/// The arguments of a page, and how they are read.
fn paging(ident: &Ident, kind: &str, texts: &HashMap<String, String>) -> Parameter {
    let text = |name: &str, usual: &str| texts.get(name).cloned().unwrap_or_else(|| usual.to_owned());
    let first = text("first", "The first so many; 1 to 100, 20 unless given.");
    let after = text("after", "A cursor: go on after it.");
    let (int, string): (Type, Type) =
        (syn::parse_quote!(::core::option::Option<i32>), syn::parse_quote!(::core::option::Option<::std::string::String>));
    let mut definitions = vec![argument("first", &first, &int), argument("after", &after, &string)];
    if kind == "Paging" {
        definitions.push(argument("last", "The last so many; 1 to 100.", &int));
        definitions.push(argument("before", "A cursor: go back before it.", &string));
    }
    let read = quote!(let #ident = ::lectern_kernel::resolve::paging(ctx)?;);
    Parameter::Paging(ident.clone(), quote!(#(#definitions),*), read)
}

/// Reads one parameter. `is_column`: what is neither the context nor the object itself is a column of the parent.
fn parameter(input: &mut FnArg, is_column: bool) -> Result<Parameter> {
    let FnArg::Typed(typed) = input else { return Ok(Parameter::Itself) };
    let Pat::Ident(pattern) = &*typed.pat else { return Err(Error::new_spanned(&typed.pat, "expected a name")) };
    let ident = pattern.ident.clone();
    if let Type::Reference(reference) = &*typed.ty {
        return match outer(&reference.elem).0.as_str() {
            "Context" => Ok(Parameter::Context),
            "Request" => Ok(Parameter::Request),
            _ => Err(Error::new_spanned(&typed.ty, "expected &Context, &Request, or a value")),
        };
    }
    if is_column {
        return Ok(Parameter::Column(ident));
    }
    let (kind, _) = outer(&typed.ty);
    if kind == "Paging" || kind == "Forward" {
        let texts = texts(take(&mut typed.attrs, "texts"))?;
        return Ok(paging(&ident, &kind, &texts));
    }
    let (name, text) = (camel(&ident), description(&typed.attrs));
    typed.attrs.clear();
    let ty = &typed.ty;
    // An id is read as one, with its argument in the refusal.
    if let Some(of) = id_of(ty) {
        let (wire, parse): (Type, _) = match kind.as_str() {
            "Id" => (syn::parse_quote!(::async_graphql::ID), quote!(::lectern_kernel::ids::Id::<#of>::parse(#name, &#ident))),
            _ => (
                syn::parse_quote!(::core::option::Option<::async_graphql::ID>),
                quote!(::lectern_kernel::ids::Id::<#of>::parse_opt(#name, #ident.as_ref())),
            ),
        };
        let read = quote! {
            let (_, #ident) = ctx.param_value::<#wire>(#name, ::core::option::Option::None)?;
            let #ident = #parse.map_err(|error| ::lectern_kernel::resolve::located(ctx, error))?;
        };
        return Ok(Parameter::Argument(ident, argument(&name, &text, &wire), read));
    }
    let read = quote!(let (_, #ident) = ctx.param_value::<#ty>(#name, ::core::option::Option::None)?;);
    Ok(Parameter::Argument(ident.clone(), argument(&name, &text, ty), read))
}

fn returned(signature: &Signature) -> Result<(Type, bool)> {
    let ReturnType::Type(_, ty) = &signature.output else { return Err(Error::new_spanned(signature, "a field answers something")) };
    Ok(match outer(ty) {
        (name, Some(inner)) if name == "Result" => (inner.clone(), true),
        _ => ((**ty).clone(), false),
    })
}

impl Declared {
    /// Reads a function, and takes away what only the macro understands. `has_columns`: its first parameters are columns.
    fn read(function: &mut ImplItemFn, has_columns: bool) -> Result<Self> {
        let attributes = &mut function.attrs;
        let access = access(attributes)?;
        let cost = take(attributes, "cost").map(|attribute| attribute.parse_args()).transpose()?;
        let is_async = function.sig.asyncness.is_some();
        let mut parameters = Vec::new();
        for input in &mut function.sig.inputs {
            let is_column = has_columns && !parameters.iter().any(|before| matches!(before, Parameter::Context));
            parameters.push(parameter(input, is_column)?);
        }
        let (returned, is_fallible) = returned(&function.sig)?;
        let description = description(&function.attrs);
        Ok(Declared { ident: function.sig.ident.clone(), parameters, description, access, cost, is_async, returned, is_fallible })
    }

    fn calls(&self) -> impl Iterator<Item = TokenStream> + '_ {
        self.parameters.iter().map(|parameter| match parameter {
            Parameter::Itself => quote!(itself),
            Parameter::Context => quote!(ctx),
            Parameter::Request => quote!(request),
            Parameter::Column(ident) | Parameter::Argument(ident, ..) | Parameter::Paging(ident, ..) => quote!(#ident),
        })
    }

    fn columns(&self) -> Vec<&Ident> {
        self.parameters.iter().filter_map(|parameter| if let Parameter::Column(ident) = parameter { Some(ident) } else { None }).collect()
    }

    /// Its value, out of `parent` and `ctx`; `of` is the type whose columns it reads.
    fn source(&self, home: &syn::Path, of: &syn::Path) -> TokenStream {
        let resolve = quote!(::lectern_kernel::resolve);
        let (ident, calls, names, places) = (&self.ident, self.calls(), self.columns(), columns(of));
        let fallible = |call: TokenStream| if self.is_fallible { call } else { quote!(::lectern_kernel::error::Result::Ok(#call)) };
        let has_self = matches!(self.parameters.first(), Some(Parameter::Itself));
        if !self.is_async && !has_self {
            let call = fallible(quote!(#home::#ident(#(#calls),*)));
            return quote! {
                #resolve::Source::Computed(|object, request, out| {
                    let _ = request;
                    #(let #names = object.get(#places.#names)?;)*
                    #call.map(|value| #resolve::Written::write(&value, out))
                })
            };
        }
        let reads = self.parameters.iter().map(|parameter| match parameter {
            Parameter::Itself => quote!(let itself = parent.value::<#home>();),
            Parameter::Request => quote!(let request = ctx.data_unchecked::<::std::sync::Arc<#resolve::Request>>();),
            Parameter::Column(ident) => {
                quote!(let #ident = parent.row().get(#places.#ident).map_err(|error| #resolve::located(ctx, error.into()))?;)
            }
            Parameter::Argument(_, _, read) | Parameter::Paging(_, _, read) => read.clone(),
            Parameter::Context => quote!(),
        });
        let wait = if self.is_async { quote!(.await) } else { quote!() };
        let call = fallible(quote!(#home::#ident(#(#calls),*)#wait));
        quote! {
            #resolve::Source::Resolver(|parent, ctx| ::std::boxed::Box::pin(async move {
                let _ = parent;
                #(#reads)*
                #resolve::answer(ctx, #call).await
            }))
        }
    }

    /// The field's table.
    fn definition(&self, home: &syn::Path, of: &syn::Path) -> TokenStream {
        let Declared { ident, description, access, parameters, returned, .. } = self;
        let (name, access, type_of, source) = (camel(ident), option(access.as_ref()), type_of(returned), self.source(home, of));
        let arguments = parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Argument(_, definition, _) | Parameter::Paging(_, definition, _) => Some(definition),
            _ => None,
        });
        let is_page = parameters.iter().any(|parameter| matches!(parameter, Parameter::Paging(..)));
        let cost = match &self.cost {
            Some(Expr::Lit(number)) => option(Some(quote!(::lectern_kernel::resolve::cost::times::<#number>))),
            Some(function) => option(Some(quote!(#function))),
            None if is_page => option(Some(quote!(::lectern_kernel::resolve::cost::page))),
            None => option(None::<TokenStream>),
        };
        let (names, places) = (self.columns(), columns(of));
        quote! {
            ::lectern_kernel::resolve::FieldDef {
                name: #name, description: #description, access: #access, arguments: &[#(#arguments),*], ty: #type_of, cost: #cost,
                reads_wide: false #(|| #places.#names.is_wide)*, source: #source,
            }
        }
    }
}

/// A column that an extension adds: name, type, table.
type Added = (Ident, Type, TokenStream);

/// The field of a function without a body, and the column that it adds: what the database counts, a to-one child, a column.
fn bodiless(tokens: &TokenStream, of: &Path, index: usize) -> Result<(TokenStream, Option<Added>)> {
    let mut function: TraitItemFn = syn::parse2(tokens.clone())?;
    let resolve = quote!(::lectern_kernel::resolve);
    let access = option(access(&mut function.attrs)?);
    let (name, text, (ty, _)) = (camel(&function.sig.ident), description(&function.attrs), returned(&function.sig)?);
    let is_one = flag(&mut function.attrs, "one");
    let type_of =
        if is_one { self::type_of(&syn::parse_quote!(::core::option::Option<#resolve::Loaded<#ty>>)) } else { self::type_of(&ty) };
    let field = |source: TokenStream| {
        quote! {
            #resolve::FieldDef {
                name: #name, description: #text, access: #access, arguments: &[], ty: #type_of, cost: ::core::option::Option::None,
                reads_wide: false, source: #source,
            }
        }
    };
    let definition = |ty: &Type, expression: String| {
        let references = option(id_of(ty).map(|target| quote!(<#target as ::lectern_kernel::ids::Kind>::PREFIX)));
        quote!(#resolve::ColumnDef { expression: #expression, is_wide: true, references: #references })
    };
    if is_one {
        let Some(FnArg::Typed(PatType { pat, ty: column, .. })) = function.sig.inputs.first() else {
            return Err(Error::new_spanned(&function.sig, "#[one] takes the column that holds the id"));
        };
        let (places, target) = (columns(of), quote!(<#ty as #resolve::Entity>::object));
        if flag(&mut function.attrs, "column") {
            let added = (syn::parse2(quote!(#pat))?, (**column).clone(), definition(column, quote!(#pat).to_string()));
            return Ok((field(quote!(#resolve::Source::One(#resolve::Place::Added(#index), #target))), Some(added)));
        }
        return Ok((field(quote!(#resolve::Source::One(#resolve::Place::Own(#places.#pat.index), #target))), None));
    }
    if let Some(count) = take(&mut function.attrs, "count") {
        let texts = texts(Some(count))?;
        let (counts, key) = (&texts["function"], &texts["key"]);
        let source = quote!(#resolve::Source::Count({
            static COUNT: #resolve::CountDef = #resolve::CountDef { function: #counts, key: #key };
            &COUNT
        }));
        return Ok((field(source), None));
    }
    let expression = match take(&mut function.attrs, "column") {
        Some(attribute) if matches!(attribute.meta, syn::Meta::List(_)) => attribute.parse_args::<LitStr>()?.value(),
        _ => function.sig.ident.to_string(),
    };
    let added = (function.sig.ident.clone(), ty.clone(), definition(&ty, expression));
    Ok((field(quote!(#resolve::Source::Column(#index, #resolve::write_column::<#ty>))), Some(added)))
}

/// What a block declares.
#[derive(Default)]
struct Block {
    fields: Vec<TokenStream>,
    columns: Vec<Added>,
}

/// Reads a block; what only the macro understands is taken away from it.
fn read_block(block: &mut ItemImpl, of: &syn::Path) -> Result<Block> {
    let home = self_type(block)?;
    let (mut read, mut kept) = (Block::default(), Vec::new());
    for item in std::mem::take(&mut block.items) {
        match item {
            ImplItem::Fn(mut function) => {
                let has_self = matches!(function.sig.inputs.first(), Some(FnArg::Receiver(_)));
                read.fields.push(Declared::read(&mut function, !has_self)?.definition(&home, of));
                kept.push(ImplItem::Fn(function));
            }
            ImplItem::Verbatim(tokens) => {
                let (field, added) = bodiless(&tokens, of, read.columns.len())?;
                read.fields.push(field);
                read.columns.extend(added);
            }
            other => kept.push(other),
        }
    }
    block.items = kept;
    Ok(read)
}

/// Writes the fields of a type's own block.
pub fn resolvers(mut block: ItemImpl) -> Result<TokenStream> {
    let home = self_type(&block)?;
    let Block { fields, .. } = read_block(&mut block, &home)?;
    Ok(quote! {
        #block
        impl #home {
            const RESOLVERS: &'static [::lectern_kernel::resolve::FieldDef] = &[#(#fields),*];
        }
    })
}

/// Writes what is added to another domain's type.
pub fn extends(of: syn::Path, mut block: ItemImpl) -> Result<TokenStream> {
    let home = self_type(&block)?;
    let Block { fields, columns } = read_block(&mut block, &of)?;
    let (idents, types): (Vec<_>, Vec<_>) = columns.iter().map(|(ident, ty, _)| (ident, ty)).unzip();
    let definitions = columns.iter().map(|(.., definition)| definition);
    let names = idents.iter().map(ToString::to_string);
    let places = format_ident!("{}Columns", home.segments.last().map(|last| last.ident.to_string()).unwrap_or_default());
    Ok(quote! {
        #block

        #[doc(hidden)]
        pub struct #places { #(pub #idents: ::lectern_kernel::resolve::Column<#types>),* }

        impl #home {
            #[doc(hidden)]
            pub const COLUMNS: #places = #places { #(#idents: ::lectern_kernel::resolve::Column::added(#names)),* };
            #[doc = "The type that it adds to."]
            pub fn object() -> &'static ::lectern_kernel::resolve::ObjectDef {
                #of::object()
            }
            #[doc = "What it adds, for the domain's list."]
            pub const EXTENSION: ::lectern_kernel::resolve::ExtensionDef = ::lectern_kernel::resolve::ExtensionDef {
                object: #of::object, columns: &[#(#definitions),*], fields: &[#(#fields),*],
            };
        }
    })
}

/// What each argument of a mutation writes into columns.
fn writes(signature: &Signature) -> TokenStream {
    let types = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) if !matches!(*typed.ty, Type::Reference(_)) => Some(&typed.ty),
        _ => None,
    });
    quote!({
        #[allow(unused_imports, reason = "where every argument is written, or none is given")]
        use ::lectern_kernel::resolve::WritesNothing as _;
        &[#(<#types>::WRITES),*]
    })
}

/// The argument that holds a secret, and by what a wrong one is told.
fn guessed(input: ParseStream) -> Result<TokenStream> {
    let secret: LitStr = input.parse()?;
    input.parse::<Token![,]>()?;
    let wrong: TokenStream = input.parse()?;
    Ok(quote!((#secret, ::lectern_kernel::resolve::registry::Wrong::#wrong)))
}

/// Writes fields of a root: of queries, or of mutations about something.
pub fn operations(about: Option<LitStr>, mut block: ItemImpl) -> Result<TokenStream> {
    let home = self_type(&block)?;
    let root = format_ident!("{}", if about.is_some() { "Mutation" } else { "Query" });
    let mut operations = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else { continue };
        let attributes = &mut function.attrs;
        let [session, in_person, viewing] = ["session", "in_person", "while_viewing"].map(|name| flag(attributes, name));
        let [hashes, stores] = ["hashes_password", "stores"].map(|name| flag(attributes, name));
        let own = take(attributes, "about").map(|attribute| attribute.parse_args::<LitStr>()).transpose()?;
        let mut given = |name| take(attributes, name).map(|attribute| attribute.parse_args::<TokenStream>()).transpose();
        let budget = given("budget")?.map(|budget| quote!(&#budget));
        let knock = option(given("knocks")?.map(|knock| quote!(::lectern_kernel::resolve::registry::Knock::#knock)));
        let ahead = option(given("ahead")?.map(|function| quote!(#function as ::lectern_kernel::resolve::GoAhead)));
        let guesses = take(attributes, "guesses").map(|attribute| attribute.parse_args_with(guessed)).transpose()?;
        let (budget, guesses) = (option(budget), option(guesses));
        let about = own.or_else(|| about.clone()).map_or_else(String::new, |about| about.value());
        let writes = if root == "Mutation" { writes(&function.sig) } else { quote!(&[]) };
        let mut declared = Declared::read(function, false)?;
        declared.access.get_or_insert_with(|| quote!(::lectern_kernel::resolve::Access::SignedIn));
        let field = declared.definition(&home, &home);
        operations.push(quote! {
            ::lectern_kernel::resolve::registry::Operation {
                field: #field, root: ::lectern_kernel::resolve::registry::Root::#root, about: #about, is_session: #session,
                in_person: #in_person, while_viewing: #viewing, knock: #knock, ahead: #ahead,
                hashes_password: #hashes, reaches_store: #stores, guesses: #guesses, budget: #budget, writes: #writes,
            }
        });
    }
    Ok(quote! {
        #block
        impl #home {
            #[doc = "Its fields, for the domain's list."]
            pub const OPERATIONS: &'static [::lectern_kernel::resolve::registry::Operation] = &[#(#operations),*];
        }
    })
}
