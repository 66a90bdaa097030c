//! `#[writes]`: an input whose fields are columns.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, Fields, ItemStruct, Path, Result};

use crate::declared::{camel, columns, flag, outer, take};

/// Derives the input, and writes each of its fields into the column of the same name.
pub fn expand(of: Path, mut item: ItemStruct) -> Result<TokenStream> {
    let ident = item.ident.clone();
    let Fields::Named(fields) = &mut item.fields else { return Err(Error::new_spanned(&ident, "an input has named fields")) };
    let columns = columns(&of);
    let (mut writes, mut written) = (Vec::new(), Vec::new());
    for field in &mut fields.named {
        let check = take(&mut field.attrs, "check").map(|attribute| attribute.parse_args::<Expr>()).transpose()?;
        if flag(&mut field.attrs, "by_hand") {
            continue;
        }
        let Some(member) = &field.ident else { continue };
        let name = camel(member);
        let method = match outer(&field.ty).0.as_str() {
            "MaybeUndefined" => quote!(maybe),
            "Option" => quote!(optional),
            _ => quote!(given),
        };
        let check = match check {
            Some(check) => quote!(|field, value| #check(field, value)),
            None => quote!(|_, value| ::core::result::Result::Ok(::core::clone::Clone::clone(value))),
        };
        written.push(quote!(#columns.#member.name));
        writes.push(quote!(changes.#method(#columns.#member, #name, &self.#member, #check)?;));
    }
    Ok(quote! {
        #[derive(::async_graphql::InputObject)]
        #item

        impl #ident {
            #[doc = "The columns that it writes."]
            #[doc(hidden)]
            pub const WRITES: ::core::option::Option<::lectern_kernel::resolve::WriteDef> =
                ::core::option::Option::Some(::lectern_kernel::resolve::WriteDef { object: #of::object, columns: &[#(#written),*] });
        }

        impl ::lectern_kernel::resolve::Writes<#of> for #ident {
            fn write(&self, changes: &mut ::lectern_kernel::resolve::Changes) -> ::lectern_kernel::error::Result<()> {
                #(#writes)*
                ::core::result::Result::Ok(())
            }
        }
    })
}
