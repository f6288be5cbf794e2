use super::expressions::ROOM;
use super::{Builder, Expressions, Found, Library, Patterns, pcre, required};
use crate::gateway::config::waf::PositionalConstraint;
use crate::gateway::waf::managed;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::{prop_assert_eq, proptest};

const CONSTRAINTS: [PositionalConstraint; 5] = [
    PositionalConstraint::Exactly,
    PositionalConstraint::StartsWith,
    PositionalConstraint::EndsWith,
    PositionalConstraint::Contains,
    PositionalConstraint::ContainsWord,
];

/// The patterns of one input, and their expressions.
#[derive(Default)]
struct One(Builder, Library);

struct Built(Patterns, Expressions);

impl One {
    fn add_regex(&mut self, expression: &str) -> Result<usize, String> {
        self.0.add_regex(expression, &mut self.1)
    }

    fn add_text(&mut self, text: &[u8], constraint: PositionalConstraint) -> usize {
        self.0.add_text(text, constraint)
    }

    fn build(self) -> Result<Built, String> {
        Ok(Built(self.0.build()?, self.1.build()?))
    }
}

impl Built {
    fn scan(&self, part: &[u8], found: &mut Found) {
        self.0.scan(part, &self.1, found);
    }
}

fn fits(expression: &str, part: &[u8]) -> bool {
    let mut builder = One::default();
    let number = builder.add_regex(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let mut found = Found::default();
    builder.build().unwrap().scan(part, &mut found);
    found.has(number)
}

fn refusal(expression: &str) -> String {
    One::default().add_regex(expression).err().unwrap_or_else(|| panic!("{expression} is read"))
}

/// What a constraint says, without an automaton.
fn stands(text: &[u8], constraint: PositionalConstraint, part: &[u8]) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match constraint {
        PositionalConstraint::Exactly => part == text,
        PositionalConstraint::StartsWith => part.starts_with(text),
        PositionalConstraint::EndsWith => part.ends_with(text),
        PositionalConstraint::Contains => part.windows(text.len()).any(|window| window == text),
        PositionalConstraint::ContainsWord => (0..=part.len()).any(|at| {
            part[at..].starts_with(text)
                && !part[..at].last().is_some_and(is_word)
                && !part[at + text.len()..].first().is_some_and(is_word)
        }),
    }
}

#[test]
fn expressions_are_those_of_pcre() {
    let table: &[(&str, &[u8], bool)] = &[
        // `$` and `\Z` are also before a newline that ends the text; `\z` is not.
        ("a$", b"a", true),
        ("a$", b"a\n", true),
        ("a$", b"a\nb", false),
        ("a$", b"a\n\n", false),
        (r"a\Z", b"a\n", true),
        (r"a\z", b"a\n", false),
        ("(?m)a$", b"a\nb", true),
        ("(?m)^b", b"a\nb", true),
        ("^b", b"a\nb", false),
        ("^(a$|b)", b"a\n", true),
        // A dot is a byte, not a character, and no newline.
        ("^..$", "é".as_bytes(), true),
        ("a.c", b"a\nc", false),
        ("(?s)a.c", b"a\nc", true),
        ("^.$", b"\xFF", true),
        // Classes are those of ASCII.
        (r"^\w+$", "é".as_bytes(), false),
        (r"\s", b"\x0B", true),
        (r"\s", b"\xA0", false),
        (r"^\h+$", b" \t\xA0", true),
        (r"\H", b" \t\xA0", false),
        (r"^\v\V$", b"\rx", true),
        (r"^[\h\d]+$", b"1 2", true),
        (r"^[^\H]$", b" ", true),
        (r"\N", b"\n", false),
        // Case counts, unless it is told not to.
        ("union", b"UNION", false),
        ("(?i)union", b"UNION", true),
        ("a(?i:b)c", b"aBc", true),
        ("a(?i:b)c", b"aBC", false),
        ("a(?i)b|c", b"C", true),
        // Signs that `regex-syntax` reads otherwise.
        (r"\<b\>", b"<b>", true),
        ("a{,3}", b"a{,3}", true),
        ("{x}", b"{x}", true),
        ("x{", b"x{", true),
        ("[[a]", b"[", true),
        ("^[a&&b]+$", b"a&b", true),
        ("^[a~~b]+$", b"a~b", true),
        ("^[--/]+$", b"-./", true),
        (r"^[\w-.]+$", b"a-.", true),
        (r"^[+-\d]+$", b"+-1", true),
        ("[]a]", b"]", true),
        ("^[^]a]$", b"b", true),
        ("^[[:alpha:][:digit:]]+$", b"a1", true),
        ("^[[:^alpha:]]+$", b"1", true),
        ("[[:alpha]", b":", true),
        (r"^[\b]$", b"\x08", true),
        (r"^[\101\\]+$", b"A\\", true),
        (r"\Qa.*b\E+", b"a.*bb", true),
        (r"\Q[", b"[", true),
        (r"\e\cA\0\x41\x{ff}\a", b"\x1B\x01\0A\xFF\x07", true),
        ("é", "é".as_bytes(), true),
        ("(?#words)a", b"a", true),
        ("(?<name>a)(?P<n2>b)(?'n3'c)", b"abc", true),
        ("(?U)a+?b", b"aab", true),
        (r"\bor\b", b"1 or 1", true),
        (r"\bor\b", b"word", false),
        ("", b"", true),
        ("a{2,3}?b", b"aab", true),
        ("(a{2}){3}", b"aaaaaa", true),
        ("#a b", b"#a b", true),
    ];
    for (expression, part, expected) in table {
        assert_eq!(fits(expression, part), *expected, "{expression} on {}", part.escape_ascii());
    }
    println!("{} rows", table.len());
}

#[test]
fn what_is_not_supported_is_named() {
    let table = [
        ("a(?=b)", "look-around is not supported"),
        ("(?<!a)b", "look-around is not supported"),
        ("(?>a)", "atomic groups (`(?>...)`) are not supported"),
        ("a*+", "possessive quantifiers (`*+`, `++`, `?+`, `}+`) are not supported"),
        ("a{2}+", "possessive quantifiers (`*+`, `++`, `?+`, `}+`) are not supported"),
        (r"(a)\1", "back-references are not supported"),
        (r"(?P<n>a)(?P=n)", "back-references are not supported"),
        (r"\k<n>", "back-references are not supported"),
        (r"a\Kb", r"`\K` is not supported"),
        (r"\R", r"`\R` is not supported"),
        (r"[\R]", r"`\R` is not supported"),
        (r"\C", r"`\C` is not supported"),
        ("(?(1)a|b)", "conditions (`(?(...)...)`) are not supported"),
        ("(?R)", "recursion (`(?R)`, `(?1)`, `(?&...)`, `(?P>...)`) is not supported"),
        ("(?|a|b)", "groups that reset branches (`(?|...)`) are not supported"),
        ("(*UTF8)a", "control verbs (`(*...)`) are not supported"),
        ("(?C)", "callouts (`(?C)`) are not supported"),
        (r"\p{L}", "properties of Unicode are not supported"),
        ("(?x) a", "the flag `x` is not supported"),
        ("(?u)a", "the flag `u` is not supported"),
        (r"\u0041", r"`\u` is not supported"),
        (r"\x{100}", r"`\x{...}` is above FF, and texts are bytes"),
        (r"\b{start}", "there is nothing to repeat before `{`"),
        ("[a", "`[` has no `]`"),
        ("a)", "unopened group"),
        ("(a", "unclosed group"),
        ("*a", "repetition operator missing expression"),
        (r"a\", r"it ends with `\`"),
        ("[z-a]", "invalid character class range, the start must be <= the end"),
    ];
    for (expression, expected) in table {
        assert_eq!(refusal(expression), expected, "{expression}");
    }
    println!("{} rows", table.len());
}

#[test]
fn expressions_are_bounded() {
    assert!(pcre::read(&"a".repeat(512)).is_ok());
    assert_eq!(refusal(&"a".repeat(513)), "it has 513 characters, and 512 are the most");
    let refused = refusal(r"(\w{100}x){100}");
    assert_eq!(refused, "it takes more than 32768 bytes: what it repeats is repeated too often");
    let deep = format!("{}a{}", "(?:".repeat(100), ")".repeat(100));
    assert!(refusal(&deep).contains("nest"), "{}", refusal(&deep));
    let mut builder = One::default();
    for _ in 0..2049 {
        builder.add_text(b"a", PositionalConstraint::Contains);
    }
    assert!(builder.build().err().is_some_and(|error| error.contains("2048")));
}

#[test]
fn what_fits_nothing_allocates_nothing() {
    let mut builder = One::default();
    builder.add_text(b"admin", PositionalConstraint::StartsWith);
    let _ = builder.add_regex(r"union\s+select").unwrap();
    let mut found = Found::default();
    builder.build().unwrap().scan(b"/users/7?union=no", &mut found);
    assert_eq!(found.0.room(), 0);
}

/// A text that is found in every byte, states that are forgotten on the way, and all of it many times.
#[test]
fn forgetting_states_changes_nothing() {
    let mut builder = One::default();
    for i in 0..300_u32 {
        builder.add_text(
            format!("{:x}", i.wrapping_mul(2_654_435_761)).as_bytes(),
            PositionalConstraint::Contains,
        );
    }
    let wide = builder.add_regex("a[ab]{60}x").unwrap();
    let last = builder.add_text(b"zz", PositionalConstraint::EndsWith);
    let patterns = builder.build().unwrap();
    let mut part: Vec<u8> =
        (0..300_u32).flat_map(|i| format!("{:x}", i.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    for round in 0..3 {
        let mut found = Found::default();
        patterns.scan(&part, &mut found);
        assert!((0..300).all(|number| found.has(number)), "round {round}");
        assert!(!found.has(wide) && !found.has(last));
    }
    let noise = |i: u32| if i.wrapping_mul(2_654_435_761) >> 31 == 0 { b'a' } else { b'b' };
    part.extend((0..3_000).map(noise));
    part.extend(b"a".iter().chain([b'b'; 60].iter()).chain(b"xzz"));
    let mut found = Found::default();
    patterns.scan(&part, &mut found);
    assert!(found.has(wide) && found.has(last));
}

#[test]
fn states_of_many_expressions_are_bounded() {
    let mut builder = One::default();
    for i in 0..60 {
        builder.add_regex(&format!("k{i}.*a[ab]{{60}}x")).unwrap();
    }
    let patterns = builder.build().unwrap();
    let mut part: Vec<u8> = (0..60).flat_map(|i| format!("k{i} ").into_bytes()).collect();
    part.extend((0..8000_u32).map(|i| if i.wrapping_mul(2_654_435_761) >> 31 == 0 { b'a' } else { b'b' }));
    patterns.scan(&part, &mut Found::default());
    let (kept, counted) = patterns.1.kept();
    assert_eq!(kept, counted);
    assert!(kept > 0 && kept <= ROOM, "{kept} bytes");
}

/// Expressions as people write them against attacks: all are read, and find what a text without them has not.
#[test]
fn expressions_against_attacks_fit_attacks() {
    let mut builder = One::default();
    let expressions: Vec<_> = include_str!("attacks.txt").lines().collect();
    for expression in &expressions {
        builder.add_regex(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    }
    let patterns = builder.build().unwrap();
    let found = |part: &str| {
        let mut found = Found::default();
        patterns.scan(part.as_bytes(), &mut found);
        (0..expressions.len())
            .filter(|number| found.has(*number))
            .map(|number| expressions[number])
            .collect::<Vec<_>>()
    };
    assert_eq!(found("GET /users/7/orders?limit=20&sort=-created Mozilla/5.0 (X11; Linux x86_64)"), [""; 0]);
    let fits = found("x UNION all Select ../../etc/passwd ${jndi:ldap:");
    let expected = [0, 46, 47, 49, 62].map(|number| expressions[number]);
    assert_eq!(fits, expected);
    println!("{} expressions", expressions.len());
}

/// Expressions of the managed groups that are asked of each part, because there is no text to look for before.
#[test]
fn few_expressions_are_asked_always() {
    let mut always = std::collections::BTreeSet::new();
    let mut count = 0;
    for name in managed::names() {
        let group: serde_json::Value = serde_json::from_str(managed::group(name).unwrap()).unwrap();
        for set in group["regexPatternSets"].as_array().unwrap() {
            for expression in set["RegularExpressionList"].as_array().unwrap() {
                let expression = expression["RegexString"].as_str().unwrap();
                count += 1;
                if required::required(&pcre::read(expression).unwrap()).is_none() {
                    always.insert(expression.to_owned());
                }
            }
        }
    }
    println!("{} of {count}:\n{}", always.len(), always.iter().cloned().collect::<Vec<_>>().join("\n"));
    assert!(always.len() <= 2);
}

/// Expressions of the signs that both sides read alike.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "[abAB_ ]{1,4}",
        1 => Just("union".to_owned()),
        1 => Just("(?i:select)".to_owned()),
        1 => prop_oneof![
            Just("."), Just("[ab]"), Just("[^a]"), Just(r"\w"), Just(r"\d"), Just(r"\s"), Just(r"\b"), Just(r"\B"),
            Just("^"), Just(r"\z"), Just(r"\xFF"), Just("(?s:.)"), Just("(?m:^)"),
        ]
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|pieces| pieces.concat()),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|branches| format!("(?:{})", branches.join("|"))),
            (inner, prop_oneof![Just("*"), Just("+"), Just("?"), Just("{2}"), Just("{1,3}"), Just("{0,2}?")])
                .prop_map(|(piece, times)| format!("(?:{piece}){times}")),
        ]
    })
}

fn part() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[abAB_ ]{0,6}".prop_map(String::into_bytes),
        1 => Just(b"union".to_vec()),
        1 => Just(b"SeLect".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..3),
        1 => Just(b"\n".to_vec()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn one_pass_finds_what_each_finds_alone(
        expressions in prop::collection::vec(expression(), 1..8),
        texts in prop::collection::vec((prop::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'_'), Just(b'-')], 1..4), 0..5_usize), 0..8),
        parts in prop::collection::vec(part(), 1..4),
    ) {
        let mut builder = One::default();
        for expression in &expressions {
            builder.add_regex(expression).unwrap();
        }
        for (text, constraint) in &texts {
            builder.add_text(text, CONSTRAINTS[*constraint]);
        }
        let patterns = builder.build().unwrap();
        let oracles: Vec<_> = expressions.iter().map(|expression| {
            regex::bytes::RegexBuilder::new(expression).unicode(false).build().unwrap()
        }).collect();
        for part in &parts {
            let mut found = Found::default();
            patterns.scan(part, &mut found);
            for (number, oracle) in oracles.iter().enumerate() {
                prop_assert_eq!(found.has(number), oracle.is_match(part), "{}", &expressions[number]);
            }
            for (i, (text, constraint)) in texts.iter().enumerate() {
                prop_assert_eq!(found.has(oracles.len() + i), stands(text, CONSTRAINTS[*constraint], part));
            }
        }
    }

    #[test]
    fn what_is_no_expression_is_told(text in ".{0,40}", signs in r"[\\\[\]()?*+{},^$|:<>=!a-zA-Z0-9-]{0,30}") {
        for expression in [text, signs] {
            let mut builder = One::default();
            if builder.add_regex(&expression).is_ok() {
                builder.build().unwrap().scan(expression.as_bytes(), &mut Found::default());
            }
        }
    }
}
