//! Writes JSON straight into a buffer: events are written for each request, and none of it is kept.

/// An object that is being written.
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

/// Writes an object.
pub fn object(out: &mut Vec<u8>, members: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    members(&mut Object { out, is_empty: true });
    out.push(b'}');
}

/// Writes a string, escaped.
pub fn string(out: &mut Vec<u8>, text: &str) {
    // Writing into a `Vec` cannot fail.
    let _ = serde_json::to_writer(out, text);
}

// === impl Object ===

impl Object<'_> {
    /// Adds a text.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        string(self.out, value);
    }

    /// Adds a text, or `null`.
    pub fn text_or_null(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.null(name),
        }
    }

    /// Adds `null`.
    pub fn null(&mut self, name: &str) {
        self.name(name);
        self.out.extend_from_slice(b"null");
    }

    /// Adds `true` or `false`.
    pub fn flag(&mut self, name: &str, value: bool) {
        self.name(name);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Adds whatever it is.
    pub fn value(&mut self, name: &str, value: &serde_json::Value) {
        self.name(name);
        // Writing into a `Vec` cannot fail.
        let _ = serde_json::to_writer(&mut *self.out, value);
    }

    /// Adds what is JSON already.
    pub fn json(&mut self, name: &str, json: &[u8]) {
        self.name(name);
        self.out.extend_from_slice(json);
    }

    /// Adds a number.
    pub fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    /// Adds a list of texts.
    pub fn texts<T: AsRef<str>>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        self.name(name);
        self.out.push(b'[');
        for (i, value) in values.into_iter().enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            string(self.out, value.as_ref());
        }
        self.out.push(b']');
    }

    /// Adds an object.
    pub fn object(&mut self, name: &str, members: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        object(self.out, members);
    }

    fn name(&mut self, name: &str) {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        string(self.out, name);
        self.out.push(b':');
    }
}

#[cfg(test)]
mod tests {
    use super::object;
    use serde_json::{Value, json};

    #[test]
    fn what_is_written_is_what_is_read() {
        let nasty = "\"\\\u{0}\u{1f}\n\u{7f}\u{2028}</script>é\u{1f600}";
        let mut out = Vec::new();
        object(&mut out, |event| {
            event.text(nasty, nasty);
            event.text_or_null("a", None);
            event.number("n", u64::MAX);
            event.texts("l", [nasty, ""]);
            event.texts::<&str>("none", []);
            event.object("o", |inner| inner.null("x"));
            event.object("e", |_| {});
        });
        let read: Value = serde_json::from_slice(&out).unwrap();
        let mut expected = json!({
            "a": null, "n": u64::MAX, "l": [nasty, ""], "none": [], "o": { "x": null }, "e": {},
        });
        expected[nasty] = json!(nasty);
        assert_eq!(read, expected);
    }
}
