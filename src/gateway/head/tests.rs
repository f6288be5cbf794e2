use super::{Head, MalformedHead};

#[test]
fn pairs_come_back_in_order_as_bytes() {
    let head = Head::from_pairs(&[(":path", &b"/x"[..]), ("a", b"\xff"), ("a", b""), ("b", b"2")], true);
    let read = Head::parse(head.buffer.clone(), true).unwrap();
    assert_eq!(read, head);
    assert_eq!(
        read.iter().collect::<Vec<_>>(),
        [(&b":path"[..], &b"/x"[..]), (b"a", b"\xff"), (b"a", b""), (b"b", b"2")]
    );
    assert_eq!(read.size(), 5 + 2 + 1 + 1 + 1 + 1 + 1);
}

#[test]
fn a_repeated_header_is_not_the_only_one() {
    let head = Head::from_pairs(&[("a", "1"), ("a", "2"), ("b", "3")], true);
    assert_eq!(head.only(b"a"), None);
    assert_eq!(head.first(b"a"), Some(&b"1"[..]));
    assert_eq!(head.all(b"a").count(), 2);
    assert_eq!(head.only(b"b"), Some(&b"3"[..]));
    assert_eq!(head.only(b"c"), None);
}

#[test]
fn a_buffer_that_lies_about_its_lengths_is_refused() {
    let good = Head::from_pairs(&[("a", "1")], true).buffer;
    for cut in 1..good.len() {
        assert_eq!(Head::parse(good[..cut].to_vec(), true), Err(MalformedHead), "cut at {cut}");
    }
    assert_eq!(Head::parse(vec![0xff; 16], true), Err(MalformedHead));
    assert_eq!(Head::parse(Vec::new(), true).unwrap().iter().count(), 0);
}
