use super::{is_sqli, is_xss};
use crate::gateway::config::waf::SensitivityLevel::{High, Low};
use libinjectionrs::{SqliFlags, SqliState, detect_xss};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::{prop_assert_eq, proptest};
use std::time::{Duration, Instant};

const SQL: [&str; 40] = [
    "1' OR '1'='1",
    "' or 1=1--",
    "\" or \"\"=\"",
    "1 union select 1,2,3",
    "1 UNION ALL SELECT null,null--",
    "-1' union select password from users#",
    "admin'--",
    "') or ('1'='1",
    "1; drop table users",
    "1'; exec xp_cmdshell('dir')--",
    "1 and sleep(5)",
    "1' and sleep(5)#",
    "' or sleep(5)='",
    "1 or 1=1",
    "1' and 1=1 and '1'='1",
    "x' and email is null; --",
    "1 waitfor delay '0:0:5'--",
    "' or pg_sleep(5)--",
    "1 and extractvalue(1,concat(0x7e,version()))",
    "' union/**/select/**/1,2--",
    "1/*!union*/select 1",
    "1 or 'a'='a'",
    "1) or (1=1",
    "' or 'x' like 'x",
    "1 having 1=1",
    "' group by 1 having 1=1--",
    "1 order by 10--",
    "' and ascii(substring((select 1),1,1))>1--",
    "1 and (select count(*) from users)>0",
    "' or exists(select 1)--",
    "1' rlike sleep(5)--",
    "' into outfile '/var/www/a.php",
    "' INTO OUTFILE '/var/www/a.php",
    "'; insert into users values(1)--",
    "1 or true--",
    "'||(select user())||'",
    "1 or benchmark(1000000,md5(1))",
    "' or 1 in (select @@version)--",
    "0x31 union select 1",
    "1' or/**/1=1#",
];

const NO_SQL: [&str; 44] = [
    "",
    "7",
    "Ada Lovelace",
    "O'Neill",
    "ada@example.com",
    "2024-01-01T00:00:00Z",
    "rock and roll",
    "to be or not to be",
    "select one of these",
    "the union of workers",
    "drop me a line",
    "it's fine",
    "\"quoted\" words",
    "50% off",
    "C++ and C#",
    "a-b-c",
    "(555) 123-4567",
    "https://example.com/a?b=c",
    "user_id",
    "8f14e45fceea167a5a36dedd4bea2543",
    "A-100,B-7",
    "en-US,en;q=0.5",
    "text/html,application/xml;q=0.9,*/*;q=0.8",
    "gzip, deflate, br",
    "12.50",
    "-3",
    "1e10",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
    "name,total",
    "a=b",
    "session=8f14e45f; theme=dark",
    "update my address please",
    "insert coin",
    "where is it?",
    "Smith & Sons",
    "#1 fan",
    "Grüße aus Köln",
    "日本語",
    "let's go",
    "don't",
    "order by phone",
    "group therapy",
    "null",
    "C:\\Users\\ada",
];

const SCRIPTS: [&str; 42] = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=a>",
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "\" onfocus=\"alert(1)\" autofocus=\"",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"java&#115;cript:alert(1)\">",
    "<object data=x>",
    "<embed src=x>",
    "<applet code=x>",
    "<meta http-equiv=refresh>",
    "<link rel=stylesheet href=x>",
    "<base href=//x>",
    "<style>@import 'x'</style>",
    "<div style=\"x:expression(1)\">",
    "<input onblur=write(1)>",
    "<details ontoggle=alert(1)>",
    "<video onerror=alert(1)>",
    "<audio onerror=alert(1)>",
    "<form action=javascript:a>",
    "<button formaction=javascript:a>",
    "<isindex action=javascript:a>",
    "<!doctype x>",
    "<!--[if IE]>",
    "<!-- ` -->",
    "<xss onclick=a>",
    "<img src=`x` onerror=a>",
    "<frameset onload=a>",
    "<noscript>x",
    "<xml src=x>",
    "<?import namespace=x>",
    "<!ENTITY x>",
    "x onclick=alert(1)",
    "` onmouseover=a",
    "<set attributename=onmouseover>",
    "<handler onload=a>",
    "<vmlframe src=x>",
];

const NO_SCRIPTS: [&str; 42] = [
    "",
    "Ada",
    "a < b",
    "a > b",
    "1<2",
    "a<b and c>d",
    "x=1",
    "a=b&c=d",
    "I <3 you",
    "<-",
    "->",
    "=>",
    "<=",
    "<>",
    "<b>bold</b>",
    "<i>x</i>",
    "<p>text</p>",
    "<br>",
    "<br/>",
    "<ul><li>x</li></ul>",
    "<em>x</em>",
    "<strong>x</strong>",
    "<h1>x</h1>",
    "<a href=\"https://example.com\">x</a>",
    "<img src=\"x.png\" alt=\"x\">",
    "javascript",
    "on time = now",
    "only=1",
    "once=2",
    "online=yes",
    "script",
    "alert(1)",
    "style guide",
    "q=0.9",
    "session=8f14e45f; theme=dark",
    "Mozilla/5.0 (X11)",
    "https://example.com/a?b=c",
    "{\"a\": \"b\"}",
    "日本語",
    "if (a < b) { c = d; }",
    "<table><tr><td>1</td></tr></table>",
    "\"x\"=\"y\"",
];

#[test]
fn sql_is_told() {
    let missed: Vec<_> = SQL.iter().filter(|text| !is_sqli(text.as_bytes(), Low)).collect();
    let missed_high: Vec<_> = SQL.iter().filter(|text| !is_sqli(text.as_bytes(), High)).collect();
    assert_eq!((missed, missed_high), (vec![], vec![]));
}

#[test]
fn what_is_no_sql_is_left_alone() {
    let found: Vec<_> = NO_SQL.iter().filter(|text| is_sqli(text.as_bytes(), Low)).collect();
    let found_high: Vec<_> = NO_SQL.iter().filter(|text| is_sqli(text.as_bytes(), High)).collect();
    // What goes on behind a number could be SQL.
    assert_eq!((found, found_high), (vec![], vec![&"order by phone"]));
}

#[test]
fn high_tells_more_than_low() {
    for text in ["or 1=1", "and 1=1", "union select 1,2", "; drop table users"] {
        println!("{text}: {} {}", is_sqli(text.as_bytes(), Low), is_sqli(text.as_bytes(), High));
        assert!(is_sqli(text.as_bytes(), High), "{text}");
    }
}

#[test]
fn scripts_are_told() {
    let missed: Vec<_> = SCRIPTS.iter().filter(|text| !is_xss(text.as_bytes())).collect();
    assert_eq!(missed, Vec::<&&str>::new());
}

#[test]
fn what_is_no_script_is_left_alone() {
    let found: Vec<_> = NO_SCRIPTS.iter().filter(|text| is_xss(text.as_bytes())).collect();
    assert_eq!(found, Vec::<&&str>::new());
}

/// Words are as long as libinjection takes them for: none is read again and again because a byte that ends it for us does not end
/// it there.
#[test]
fn no_byte_hides_a_long_word() {
    let time = |byte: u8| {
        let piece = [&b"a.".repeat(100)[..], &[byte]].concat();
        let text = piece.repeat(16_000 / piece.len());
        let begun = Instant::now();
        let _ = is_sqli(&text, Low);
        begun.elapsed()
    };
    let usual = time(b'-');
    for byte in (0..=0x20).chain(0x7e..=0x82).chain([0xa0, 0xa1, b'`', b'$']) {
        let took = time(byte);
        // Where words are not cut it is thirty times as much, in both kinds of builds.
        assert!(took < 12 * usual + Duration::from_millis(100), "{byte:#x}: {took:?}, and usually {usual:?}");
    }
}

/// What both languages are made of, and what they are not.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        2 => prop::sample::select([&SQL[..], &NO_SQL[..], &SCRIPTS[..], &NO_SCRIPTS[..]].concat()).prop_map(|text| text.as_bytes().to_vec()),
        2 => r#"['"`<>=/*#;(){}@$&.,\\ a-z0-9-]{0,12}"#.prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..8),
        1 => Just(vec![b'a'; 300]),
        1 => "[a-z0-9.]{0,9}".prop_map(|text| text.repeat(80).into_bytes()),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Nothing panics, and the short ways give what the long ones do.
    #[test]
    fn short_ways_change_nothing(value in value(), word in "[A-Za-z0-9_]{0,40}", plain in r#"[^<=]{0,60}"#) {
        prop_assert_eq!(is_xss(&value), detect_xss(&value).is_injection());
        prop_assert_eq!(detect_xss(plain.as_bytes()).is_injection(), false);
        prop_assert_eq!(SqliState::new(word.as_bytes(), SqliFlags::FLAG_NONE).detect(), false);
        let plainly = SqliState::new(&value, SqliFlags::FLAG_NONE).detect();
        let has_into = value.to_ascii_lowercase().windows(4).any(|window| window == b"into");
        if !has_into {
            prop_assert_eq!(is_sqli(&value, Low), plainly);
        }
        if is_sqli(&value, Low) {
            prop_assert_eq!(is_sqli(&value, High), true);
        }
    }
}
