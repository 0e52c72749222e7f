//! Pairs from nothing: prompts that cover what a street can show, and a generator that paints them.
pub mod cover;
pub mod grammar;
pub mod request;
