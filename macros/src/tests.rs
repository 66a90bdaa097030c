//! What the macros write, as it stands in `snapshots/`. After a change: `UPDATE_SNAPSHOTS=1 cargo test -p lectern-macros`, and
//! read the diff.

use std::{fs, path::Path};

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use crate::{fields, input, object};

fn holds(name: &str, written: syn::Result<TokenStream>) {
    let file = syn::parse2(written.unwrap()).unwrap();
    let written = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(written.lines()).find(|(kept, written)| kept != written);
    assert!(kept == written, "snapshots/{name} differs, first at {differs:?}");
}

#[test]
fn a_type_with_a_table_is_columns_and_fields() {
    let options = quote!(table = "lesson", alias = "l", id = "lesson", live = "{}.deleted_at IS NULL", node(CourseRead), resolvers);
    let written = object::expand(
        syn::parse2(options).unwrap(),
        parse_quote! {
            /// A part of a section.
            pub struct Lesson {
                /// Its id.
                pub id: Id<Lesson>,
                /// What it says.
                #[wide]
                #[needs(CourseUpdate)]
                pub body: Option<String>,
                /// Who wrote it.
                #[one]
                pub author_id: Id<User>,
                #[secret]
                pub access_code: String,
            }
        },
    );
    holds("object.rs.txt", written);
}

#[test]
fn a_type_in_memory_is_fields() {
    let options = syn::parse2(quote!()).unwrap();
    let written = object::expand(
        options,
        parse_quote! {
            /// Two numbers.
            pub struct Count {
                /// How many.
                pub all: i32,
                #[hidden]
                pub secret: i32,
            }
        },
    );
    holds("value.rs.txt", written);
}

#[test]
fn resolvers_take_columns_then_the_context_then_arguments() {
    let written = fields::resolvers(parse_quote! {
        impl Lesson {
            /// Whether it is short.
            fn is_short(body: Option<String>, request: &Request) -> bool {
                body.is_none()
            }
            /// Its comments.
            #[signed_in]
            async fn comments(id: Id<Lesson>, ctx: &Context<'_>, page: Forward, /** Of this person. */ author_id: Option<Id<User>>) -> Result<Connection<Comment>> {
                many(ctx, &COMMENTS, id.0, page).await
            }
            /// How many there are.
            #[count(function = "app.comment_counts", key = "lesson_id")]
            fn comment_count() -> i32;
        }
    });
    holds("resolvers.rs.txt", written);
}

#[test]
fn an_extension_is_columns_and_fields_of_another_domains_type() {
    let written = fields::extends(
        parse_quote!(Course),
        parse_quote! {
            impl CourseLessons {
                /// What finishing it is worth.
                #[column]
                fn points() -> i32;
                /// Its lessons.
                async fn lessons(id: Id<Course>, ctx: &Context<'_>) -> Result<Vec<Loaded<Lesson>>> {
                    all(ctx, &LESSONS, id.0).await
                }
            }
        },
    );
    holds("extends.rs.txt", written);
}

#[test]
fn a_mutation_says_who_may_and_what_it_is_about() {
    let written = fields::operations(
        Some(parse_quote!("Lesson")),
        parse_quote! {
            impl LessonMutations {
                /// Adds a lesson.
                #[needs(CourseUpdate, CourseUpdateAll)]
                #[budget(CHANGES)]
                async fn create_lesson(ctx: &Context<'_>, /** The lesson. */ input: CreateLessonInput) -> Result<Loaded<Lesson>> {
                    insert(ctx, input).await
                }
            }
        },
    );
    holds("mutations.rs.txt", written);
}

#[test]
fn an_input_writes_its_columns() {
    let written = input::expand(
        parse_quote!(Lesson),
        parse_quote! {
            /// A change.
            pub struct UpdateLessonInput {
                /// Which.
                #[by_hand]
                pub id: ID,
                /// A new title.
                #[check(text::name)]
                pub title: MaybeUndefined<String>,
                /// Whether it is free.
                pub is_free: Option<bool>,
            }
        },
    );
    holds("input.rs.txt", written);
}
