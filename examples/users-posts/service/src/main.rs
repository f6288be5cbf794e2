//! users and posts
fn main() {}
