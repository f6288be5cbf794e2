//! Which route answers a method and a path.
