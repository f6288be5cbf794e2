use super::{Place, Pointers, Step, rank};

/// How many comparisons the elements of an array cost that stands at the end of a path.
fn comparisons(pointers: &Pointers, path: &[&[u8]], elements: usize) -> usize {
    let mut count = 0;
    let mut enter = |place: Place<'_>, step| {
        let next = place.enter_by(step, |known, key| {
            count += 1;
            rank(known).cmp(&rank(key))
        });
        assert_eq!(next.alive, place.enter(step).alive);
        usize::from(next.is_outside())
    };
    let array = path.iter().fold(Place::root(pointers), |place, key| place.enter(Step::Key(key)));
    assert!(!array.inside && !array.is_outside());
    let outside: usize = (0..elements).map(|index| enter(array, Step::Index(index))).sum();
    assert!(outside > 0 && outside < elements);
    count
}

/// A client chooses how many elements it sends, and where: neither how many pointers there are nor how long they are may
/// multiply that.
#[test]
fn an_element_costs_the_logarithm_of_the_pointers_and_no_depth() {
    const ELEMENTS: usize = 32_000;
    let flat: Vec<String> = (0..199).map(|i| format!("/{i}/b")).collect();
    let deep: Vec<String> = (0..64).map(|i| format!("{}/{i}/b", "/a".repeat(99))).collect();
    let path = vec![&b"a"[..]; 99];
    for (pointers, path, most) in [(&flat[..], &[][..], 8), (&deep, &path, 6), (&deep[..1], &path, 0)] {
        let count = comparisons(&Pointers::new(pointers), path, ELEMENTS);
        // Two searches, what either ends with, and a look between.
        assert!(count <= (2 * (most + 1) + 1) * ELEMENTS, "{} pointers: {count}", pointers.len());
    }
}

#[test]
fn pointers_that_say_nothing_more_are_dropped() {
    let pointers = |written: &[&str]| {
        let written: Vec<String> = written.iter().map(|pointer| (*pointer).to_owned()).collect();
        Pointers::new(&written)
    };
    assert_eq!(pointers(&["/b", "/a/c", "/a", "/a!", "/a/b", "/b"]), pointers(&["/a", "/a!", "/b"]));
    assert_eq!(pointers(&["/a", "/"]), pointers(&[""]));
    assert_ne!(pointers(&["/a~1b"]), pointers(&["/a/b"]));
    assert_ne!(pointers(&["/a", "/ab"]), pointers(&["/a"]));
}
