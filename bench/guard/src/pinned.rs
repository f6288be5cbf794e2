//! What is counted, beside what is written down in `bench/guard/pinned`. `SEKISHO_BLESS=1` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Figures of one kind of request, by their names.
pub type Figures = BTreeMap<String, u64>;

/// What a figure may be, of what is pinned.
#[derive(Debug, Clone, Copy)]
pub struct Tolerance {
    /// How much more, in percent.
    pub more: u64,
    /// How much less: what has become cheaper is to be written down, or the pin holds nothing any more.
    pub less: u64,
}

/// Compares with a file of this name. Figures that `tolerated` does not name must be the same.
///
/// # Panics
/// If a figure is not what is pinned; all of them are named.
pub fn compare(name: &str, head: &str, counted: &[(String, Figures)], tolerated: &BTreeMap<&str, Tolerance>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pinned").join(name);
    if std::env::var_os("SEKISHO_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, written(head, counted))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let pinned = read(&text);
    let mut wrong = Vec::new();
    for (kind, figures) in counted {
        let Some(pins) = pinned.get(kind) else {
            wrong.push(format!("{kind}: nothing is pinned"));
            continue;
        };
        println!("{kind}");
        let names: std::collections::BTreeSet<_> = figures.keys().chain(pins.keys()).collect();
        for figure in names {
            let (now, pin) = (of(figures, figure), of(pins, figure));
            let tolerance = tolerated.get(figure.as_str()).copied().unwrap_or(Tolerance { more: 0, less: 0 });
            let holds =
                now * 100 <= pin * (100 + tolerance.more) && now * 100 >= pin * (100 - tolerance.less);
            let difference = if pin == 0 { 0.0 } else { (now as f64 - pin as f64) / pin as f64 * 100.0 };
            let line = format!("{figure:40} {now:>10}   pinned {pin:>10}   {difference:+.1} %");
            println!("  {line}{}", if holds { "" } else { "   <-- !" });
            if !holds {
                wrong.push(format!("{kind}: {line}"));
            }
        }
    }
    let gone = pinned.keys().filter(|kind| !counted.iter().any(|(known, _)| known == *kind));
    wrong.extend(gone.map(|kind| format!("{kind}: is pinned, and was not counted")));
    assert!(
        wrong.is_empty(),
        "bench/guard/pinned/{name} says otherwise; what rises needs a reason, what falls is written down \
         (SEKISHO_BLESS=1):\n{}",
        wrong.join("\n")
    );
}

fn of(figures: &Figures, name: &str) -> u64 {
    figures.get(name).copied().unwrap_or_default()
}

fn written(head: &str, counted: &[(String, Figures)]) -> String {
    let mut text = String::new();
    for line in head.lines() {
        writeln!(text, "# {line}").unwrap();
    }
    for (kind, figures) in counted {
        writeln!(text, "\n{kind}").unwrap();
        for (name, figure) in figures {
            writeln!(text, "  {name} {figure}").unwrap();
        }
    }
    text
}

fn read(text: &str) -> BTreeMap<String, Figures> {
    let mut kinds = BTreeMap::<String, Figures>::new();
    let mut kind = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("  ").map(|figure| figure.rsplit_once(' ').expect("a name and a number")) {
            Some((name, number)) => {
                let number = number.parse().expect("a number");
                kinds.get_mut(&kind).expect("a kind before its figures").insert(name.to_owned(), number);
            }
            None => {
                kind = line.to_owned();
                kinds.insert(kind.clone(), Figures::new());
            }
        }
    }
    kinds
}
