//! The protocol of OpenAI, as many servers speak it: what is asked, and what is answered, read leniently.

mod lines;
mod piece;
mod request;

pub use self::{
    lines::Lines,
    piece::{Call, Finish, Piece, gather},
    request::{Chat, Role, Turn, estimate},
};
