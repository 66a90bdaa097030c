//! Hostile documents: what is refused before it costs anything, what it is told, and that nothing harmless is refused.

mod closed;
mod cost;
mod limits;
mod persisted;
mod soup;
mod valid;
