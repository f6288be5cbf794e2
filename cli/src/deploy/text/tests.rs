use super::{Layout, Step, Text};
use Step::{Element, Member};

fn changed(text: &str, change: impl FnOnce(&mut Text)) -> String {
    let mut text = Text::new(text);
    change(&mut text);
    serde_json::from_str::<serde_json::Value>(text.as_str()).unwrap();
    text.as_str().to_owned()
}

#[test]
fn a_member_is_changed_and_nothing_else() {
    let text = "{ \"b\":1,\n\t\"a\" : [ {\"x\": 1e3 } ] }";
    let after = changed(text, |text| text.set(&[Member("a"), Element(0)], "x", None, "\"é\"").unwrap());
    assert_eq!(after, "{ \"b\":1,\n\t\"a\" : [ {\"x\": \"é\" } ] }");
    let after = changed(text, |text| text.set(&[Member("a"), Element(0)], "y", None, "2").unwrap());
    assert_eq!(after, "{ \"b\":1,\n\t\"a\" : [ {\"x\": 1e3, \"y\": 2 } ] }");
}

#[test]
fn a_new_member_stands_as_its_neighbours_do() {
    let text = "{\n   \"name\": \"a\",\n   \"last\": {}\n}\n";
    let after = changed(text, |text| text.set(&[], "new", Some("name"), "{\n  \"x\": 1\n}").unwrap());
    assert_eq!(after, "{\n   \"name\": \"a\",\n   \"new\": {\n     \"x\": 1\n   },\n   \"last\": {}\n}\n");
    let after = changed(text, |text| text.set(&[Member("last")], "x", None, "1").unwrap());
    assert_eq!(after, "{\n   \"name\": \"a\",\n   \"last\": { \"x\": 1 }\n}\n");
}

#[test]
fn a_list_grows_as_it_was_begun() {
    let element = "{\n  \"x\": 1\n}";
    let none = "{\n  \"a\": 1\n}";
    let one = changed(none, |text| text.push(&[], "list", element).unwrap());
    assert_eq!(one, "{\n  \"a\": 1,\n  \"list\": [\n    {\n      \"x\": 1\n    }\n  ]\n}");
    let two = changed(&one, |text| text.push(&[], "list", element).unwrap());
    assert_eq!(two.matches("\n    {\n      \"x\": 1\n    }").count(), 2, "{two}");
    let empty = changed("{\n  \"list\": []\n}", |text| text.push(&[], "list", element).unwrap());
    assert_eq!(empty, "{\n  \"list\": [\n    {\n      \"x\": 1\n    }\n  ]\n}");
    let short = changed("{\"list\":[1]}", |text| text.push(&[], "list", element).unwrap());
    assert_eq!(short, "{\"list\":[1, { \"x\": 1 }]}");
    let short = changed("{}", |text| text.push(&[], "list", element).unwrap());
    assert_eq!(short, "{ \"list\": [{ \"x\": 1 }] }");
}

#[test]
fn a_member_goes_with_its_comma() {
    let text = "{ \"a\": 1, \"b\": 2, \"c\": 3 }";
    assert_eq!(changed(text, |text| text.remove(&[], "a").unwrap()), "{ \"b\": 2, \"c\": 3 }");
    assert_eq!(changed(text, |text| text.remove(&[], "b").unwrap()), "{ \"a\": 1, \"c\": 3 }");
    assert_eq!(changed(text, |text| text.remove(&[], "c").unwrap()), "{ \"a\": 1, \"b\": 2 }");
    assert_eq!(changed(text, |text| text.remove(&[], "d").unwrap()), text);
    assert_eq!(changed("{\"a\": 1}", |text| text.remove(&[], "a").unwrap()), "{}");
}

#[test]
fn what_is_written_is_given_word_for_word() {
    let text = Text::new("{ \"a\": [ 1,  {\"x\":\ttrue} ] }");
    assert_eq!(text.written(&[Member("a"), Element(1)]).unwrap(), Some("{\"x\":\ttrue}"));
    assert_eq!(text.written(&[Member("b")]).unwrap(), None);
    assert_eq!(text.written(&[Member("a"), Element(2)]).unwrap(), None);
    assert_eq!(text.layout(&[]).unwrap(), Layout::Line);
}
