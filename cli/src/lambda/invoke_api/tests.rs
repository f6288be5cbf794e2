use super::{request_id, trace_id};

#[test]
fn ids_have_the_form_of_aws() {
    let id = request_id();
    let form: String = id.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    assert_eq!(form, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    let digit = |at| id.chars().nth(at).unwrap();
    assert_eq!((digit(14), "89ab".contains(digit(19))), ('4', true), "{id}");
    assert_ne!(id, request_id());
    let trace = trace_id();
    let parts: Vec<usize> = trace.to_str().unwrap().split(['=', ';', '-']).map(str::len).collect();
    assert_eq!(parts, [4, 1, 8, 24, 6, 16, 7, 1]);
}
