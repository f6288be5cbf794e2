#![no_main]
//! A part of a request, as rules see it: cookies, arguments, headers and JSON of any bytes. No byte is looked at often, and a
//! good document is never taken for a bad one.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::config::waf::{BodyParsingFallbackBehavior, MatchScope, OversizeHandling};
use sekisho::gateway::head::Head;
use sekisho::gateway::waf::client::Client;
use sekisho::gateway::waf::field::{Extent, Field, JsonParts, Names, Pointers, Room};
use sekisho::gateway::waf::view::{Body, View};
use serde_json::Value;

const CONTINUE: OversizeHandling = OversizeHandling::Continue;

fn field(choice: u8) -> Field {
    let scope = [MatchScope::All, MatchScope::Key, MatchScope::Value][usize::from(choice / 8 % 3)];
    let names = || vec!["a".to_owned(), "b c".to_owned()];
    let pointers = || vec!["/a".to_owned(), "/0/b~1c".to_owned(), "/a/1".to_owned()];
    let fallback = (choice >= 128).then_some(BodyParsingFallbackBehavior::Match);
    match choice % 8 {
        0 => Field::AllQueryArguments,
        1 => Field::SingleQueryArgument("b c".to_owned()),
        2 => Field::Cookies(Names::All, scope, CONTINUE),
        3 => Field::Cookies(Names::Excluded(names()), scope, CONTINUE),
        4 => Field::Headers(Names::All, scope, CONTINUE),
        5 => Field::SingleHeader("cookie".to_owned()),
        6 => Field::JsonBody(JsonParts::All, scope, fallback, CONTINUE),
        _ => Field::JsonBody(JsonParts::Pointers(Pointers::new(&pointers())), scope, fallback, CONTINUE),
    }
}

// Which part, then its bytes.
fuzz_target!(|data: &[u8]| {
    let [choice, text @ ..] = data else { return };
    let path = [b"/?", text].concat();
    let pairs = [(&b":path"[..], &path[..]), (b"a", text), (b"cookie", text), (b"cookie", text)];
    let head = Head::from_pairs(&pairs, false);
    let view =
        View { head: &head, body: Body::Seen { bytes: text, more: false }, meaning: None, client: Client::new("192.0.2.1", &head) };
    let field = field(*choice);
    let mut looked_at = 0;
    let extent = field.each(&view, &[], &mut Room::default(), &mut |part| looked_at += part.len());
    assert!(looked_at <= 8 * text.len() + 64, "{field}: {looked_at} of {}", text.len());
    match extent {
        Extent::All => {}
        Extent::Forced(_) => {
            let root = serde_json::from_slice::<Value>(text);
            assert!(!root.is_ok_and(|root| root.is_object() || root.is_array()), "{field}");
        }
        Extent::Body => panic!("it is there"),
    }
});
