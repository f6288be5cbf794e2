use super::{counts, paint, printable};
use sekisho::gateway::diagnostics::Diagnostics;

#[test]
fn counts_are_words() {
    let mut diagnostics = Diagnostics::default();
    assert_eq!(counts(&diagnostics), "no problems");
    diagnostics.warning("", "w");
    assert_eq!(counts(&diagnostics), "1 warning");
    diagnostics.error("", "a");
    diagnostics.error("", "b");
    assert_eq!(counts(&diagnostics), "2 errors, 1 warning");
}

#[test]
fn control_sequences_of_a_document_do_not_reach_the_terminal() {
    assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
    assert_eq!(printable("größe"), "größe");
}

#[test]
fn paint_without_colours_is_the_diagnostic_as_text() {
    let mut diagnostics = Diagnostics::default();
    diagnostics.error("apis[0]", "no").help("yes");
    let plain = anstream::adapter::strip_str(&paint(&diagnostics.0[0])).to_string();
    assert_eq!(plain, diagnostics.to_string());
}
