use super::history::History;
use super::report::{Report, Sort};
use super::scrape::read;
use super::text::text;
use super::{admin, interval};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A page with something of everything, and an API whose names would move a cursor.
pub(super) const PAGE: &[u8] = include_bytes!("../../tests/golden/top/page.prom");
/// Two minutes and a bit after the page's document was loaded.
pub(super) const NOW: u64 = 1_795_607_420;

/// What the command prints of the page.
fn printed(sort: Sort, stage: &str) -> String {
    let seen = History::default().take(Instant::now(), read(PAGE).unwrap());
    text(&Report::new(&seen, sort, stage), ([127, 0, 0, 1], 9901).into(), NOW)
}

#[test]
fn once_prints_what_is_written() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/top/once.txt");
    let printed = printed(Sort::Requests, "");
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), printed, "`SEKISHO_BLESS=1` writes it");
    assert!(printed.bytes().all(|byte| byte == b'\n' || byte == b' ' || byte.is_ascii_graphic()));
    assert!(printed.lines().count() > 25, "{printed}");
}

/// `docs/top.md` shows this table.
#[test]
fn the_guide_shows_what_is_printed() {
    let printed = printed(Sort::Requests, "shop");
    let guide = include_str!("../../../docs/top.md");
    assert!(guide.contains(&printed), "not in docs/top.md:\n{printed}");
}

#[test]
fn lines_are_ordered_and_chosen() {
    let routes = |sort, stage| -> Vec<String> {
        let seen = History::default().take(Instant::now(), read(PAGE).unwrap());
        let report = Report::new(&seen, sort, stage);
        report.lines.iter().map(|line| format!("{}/{} {}", line.api, line.stage, line.route)).collect()
    };
    let shop = |route: &str| format!("shop/$default {route}");
    let all = routes(Sort::Requests, "shop/");
    assert_eq!(all, [shop("GET /users/{id}"), shop("GET /limited"), shop("")]);
    assert_eq!(
        routes(Sort::ClientErrors, "shop/"),
        [shop(""), shop("GET /limited"), shop("GET /users/{id}")]
    );
    assert_eq!(routes(Sort::ServerErrors, "shop-1"), ["shop-1/prod "]);
    assert_eq!(routes(Sort::P99, "shop").first().unwrap(), "shop-1/prod ");
    assert_eq!(routes(Sort::Unasked, "shop").first().unwrap(), "shop-1/prod ");
    assert_eq!(routes(Sort::Name, "$def"), [shop(""), shop("GET /limited"), shop("GET /users/{id}")]);
    assert!(routes(Sort::Name, "nowhere").is_empty());
}

#[test]
fn what_happens_is_the_difference_of_two_pages() {
    let (mut history, start) = (History::default(), Instant::now());
    history.take(start, read(PAGE).unwrap());
    let page = |old: &str, new: &str| {
        let text = String::from_utf8(PAGE.to_vec()).unwrap();
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    };
    let place =
        "{api_id=\"shop\",stage=\"$default\",api_name=\"Shop\",method=\"GET\",resource=\"/users/{id}\"} ";
    let later = page(&format!("count_total{place}40"), &format!("count_total{place}65"));
    let later = later.replace(&format!("5xx_total{place}0"), &format!("5xx_total{place}5"));
    let later = later.replace("reason=\"never\"} 0", "reason=\"never\"} 3");
    let seen = history.take(start + Duration::from_secs(10), read(later.as_bytes()).unwrap());
    let report = Report::new(&seen, Sort::Requests, "");
    let line = report.lines.first().unwrap();
    assert_eq!((line.route.as_str(), line.requests, line.total), ("GET /users/{id}", 25, 65));
    assert_eq!((line.rate, line.share(line.server_errors), line.p50), (Some(2.5), Some(20.0), None));
    assert_eq!((report.all.requests, &report.refused), (25, &vec![("never".to_owned(), 3)]));
    // What happened before is known, and does not happen now.
    assert_eq!((report.throttled(), report.blocked(), report.rules.len(), report.sides.len()), (0, 0, 2, 2));
}

/// Envoy keeps the statistics of an API's former name until it ends, and tells them beside, in the order of names.
#[test]
fn a_renamed_api_is_one_api() {
    // Of each name: requests, 4xx, and how many took at most 1 ms, 5 ms, and any time.
    let text = |names: &[(&str, [u64; 5])]| {
        let samples = names.iter().map(|(name, [count, bad, one, five, all])| {
            let of = format!("api_id=\"shop\",stage=\"prod\",api_name=\"{name}\"");
            let buckets = [("1", one), ("5", five), ("+Inf", all)].map(|(le, count)| {
                format!("sekisho_api_latency_milliseconds_bucket{{{of},le=\"{le}\"}} {count}\n")
            });
            format!(
                "sekisho_api_count_total{{{of}}} {count}\nsekisho_api_4xx_total{{{of}}} {bad}\n{}",
                buckets.concat()
            )
        });
        samples.collect::<String>()
    };
    let (old, early, late) = ([100, 10, 100, 100, 100], [4, 0, 0, 4, 4], [24, 5, 0, 24, 24]);
    for (first, second) in [("Shop", "Old Shop"), ("Old Shop", "Shop")] {
        let (mut history, start) = (History::default(), Instant::now());
        let mut take = |seconds, names: &[(&str, [u64; 5])]| {
            let page = read(text(names).as_bytes()).unwrap();
            let seen = history.take(start + Duration::from_secs(seconds), page);
            (Report::new(&seen, Sort::Requests, ""), seen.restarts)
        };
        take(0, &[("Old Shop", old)]);
        // The new name's statistics come while it is looked at.
        let of = |name, new| if name == "Shop" { (name, new) } else { (name, old) };
        let (report, restarts) = take(5, &[of(first, early), of(second, early)]);
        assert_eq!((report.lines.len(), report.all.requests, report.all.total, restarts), (1, 4, 104, 0));
        let (report, restarts) = take(10, &[of(first, late), of(second, late)]);
        assert_eq!((report.all.requests, report.all.total, restarts), (24, 124, 0), "{first}, {second}");
        let line = report.lines.first().unwrap();
        assert_eq!((line.requests, line.client_errors, line.total), (24, 5, 124));
        // Those of now took more than a millisecond, though those before took less.
        assert_eq!(line.p50.unwrap().to_string(), "3.0 ms");
    }
}

#[test]
fn a_page_of_which_much_is_missing_is_shown() {
    let seen = History::default().take(Instant::now(), read(&b"sekisho_config_digest{} 255\n"[..]).unwrap());
    let printed = text(&Report::new(&seen, Sort::default(), ""), ([127, 0, 0, 1], 1).into(), NOW);
    assert_eq!(
        printed,
        "Envoy 127.0.0.1:1, document 0000000000ff, since Envoy started\n\n\
         API  STAGE  ROUTE  REQUESTS  PER S  4XX  5XX  4XX%  5XX%  P50  P90  P99  UNASKED\n\
         all                       0      -    0    0     -     -    -    -    -        0\n"
    );
}

#[test]
fn arguments_are_read() {
    assert_eq!(admin("http://127.0.0.1:9901/"), admin("127.0.0.1:9901"));
    assert!(admin("https://127.0.0.1:9901").is_err());
    assert_eq!(interval("500ms"), Ok(Duration::from_millis(500)));
    assert_eq!(interval("2"), Ok(Duration::from_secs(2)));
    assert_eq!(interval("1m"), Ok(Duration::from_secs(60)));
    for text in ["", "s", "-1s", "1.5s", "0s", "249ms", "2h", "61m", "99999999999999999999s", "1d", "é"] {
        assert!(interval(text).is_err(), "{text}");
    }
}
