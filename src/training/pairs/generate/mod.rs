//! Pairs from nothing: prompts that cover what a street can show, and somebody who paints them.
//!
//! Owns the prompts, the painters and the pictures until they are a [`Collection`](super::Collection). Leaves their data set to `gather`,
//! the renderer of our own to `tools/scenes`.
//!
//! The grammar says each class of each facet in words and knows which classes exclude each other; a covering array combines them; each
//! combination becomes a [`Request`], whose prompt a chat may rephrase. A [`Painter`] paints it. What is no picture of it is set aside
//! with its reason, and never asked for again in that folder.

mod album;
mod chat;
mod cover;
mod error;
mod gallery;
mod grammar;
mod http;
mod images;
mod painter;
mod program;
mod renderer;
mod request;
mod run;
#[cfg(test)]
mod testing;

pub use album::Album;
pub use chat::Chat;
pub use error::GenerateError;
pub use gallery::Gallery;
pub use grammar::{Facets, Grammar};
pub use http::Patience;
pub use images::Images;
pub use painter::{Failure, Painted, Painter};
pub use program::Program;
pub use renderer::Renderer;
pub use request::{Request, requests};
pub use run::Studio;
