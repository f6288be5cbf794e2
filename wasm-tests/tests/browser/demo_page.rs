//! The demo's page before a real gateway, as a browser shows it.

use super::chromium::dump;
use sekisho::gateway::config;
use sekisho_cases::needs;
use sekisho_cli::demo::page::{Page, describe};
use sekisho_cli::top::Source;
use serde_json::{Value, json};
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

/// A path and a name that would be elements, if somebody made elements of them.
const HOSTILE: &str = "/<img/src=x/onerror=document.title=1>";
const NAME: &str = "</script><script>document.title='hit'</script><b id=hit>";

/// A document; the gateway itself takes no path such as the hostile one, so that is shown, and not served.
fn document(more: &str) -> Value {
    json!({ "apis": [{
        "apiId": "shop", "name": NAME, "protocolType": "HTTP",
        "routes": [
            { "routeKey": "GET /users/{id}", "target": "integrations/up" },
            { "routeKey": "GET /limited", "target": "integrations/up" },
            { "routeKey": format!("GET {more}"), "target": "integrations/up" },
        ],
        "integrations": [{ "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": "http://backend.test/" }],
        "stages": [{
            "stageName": "$default", "defaultRouteSettings": { "detailedMetricsEnabled": true },
            "routeSettings": { "GET /limited": { "throttlingRateLimit": 0, "throttlingBurstLimit": 0 } },
        }],
    }] })
}

/// The row of a route: the texts of its cells, as HTML writes them.
fn row(html: &str, route: &str) -> Vec<String> {
    let escaped = route.replace('<', "&lt;").replace('>', "&gt;");
    let row = html.split("<tr").find(|row| row.contains(&format!("<code>{escaped}</code>")));
    let row = row.unwrap_or_else(|| panic!("{route}: {html}"));
    let cells = row.split("<td").skip(1).filter_map(|cell| cell.split_once('>')?.1.split("</td>").next());
    cells.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_was_counted_and_names_as_text() {
    needs!("chromium", "chromium");
    let backend = Backend::start().await;
    let gateway =
        Gateway::start(&document("/quiet"), &backend, Options { concurrency: 4, ..Options::default() }).await;
    for (times, path, status) in [(13, "/users/7", 200), (4, "/limited", 429), (3, "/nowhere", 404)] {
        for _ in 0..times {
            assert_eq!(raw::get(gateway.address(), path).await.unwrap().status, status, "{path}");
        }
    }
    let admin = gateway.admin_address();
    // Latencies come last.
    eventually("Envoy tells", async || {
        let page = gateway.admin("/stats/prometheus?filter=latency_milliseconds").await;
        let counts = page.lines().filter(|line| line.starts_with("sekisho_api_latency_milliseconds_count"));
        let all: u64 = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum();
        (all == 20).then_some(())
    })
    .await;
    let config = config::load(document(HOSTILE).to_string().as_bytes()).unwrap();
    let description = describe(&config, &format!("http://{}", gateway.address()), &|_| None);
    // It has a runtime of its own.
    let html = tokio::task::spawn_blocking(move || {
        let page = Page::start(0, &description, Source::new(admin)).unwrap();
        dump(&format!("http://{}/", page.address()), 3000)
    });
    let html = html.await.unwrap();

    // Route, needs, requests, 4xx, 5xx.
    let counts = |route: &str| row(&html, route).get(2..5).unwrap().join(" ");
    assert_eq!(counts("GET /users/{id}"), "13 0 0");
    assert_eq!(counts("GET /limited"), "4 4 0");
    assert_eq!(counts(&format!("GET {HOSTILE}")), "- - -", "nobody asked for it");
    // Answered without asking an integration.
    assert_eq!(row(&html, "GET /limited")[8], "4");
    assert!(row(&html, "GET /limited")[1].contains("at most 0 requests a second"));
    assert!(row(&html, "GET /users/{id}")[5].ends_with(" ms"), "{html}");
    assert!(row(&html, "GET /users/{id}")[10].contains(&format!("http://{}/users/1", gateway.address())));
    assert!(html.contains("20 requests, 7 of them 4xx and 0 5xx"), "{html}");
    for refused in
        ["<td>throttled_route</td><td class=\"n\">4</td>", "<td>unknown_route</td><td class=\"n\">3</td>"]
    {
        assert!(html.contains(refused), "{refused}: {html}");
    }
    // Names are there as text, and made nothing.
    assert!(html.contains("&lt;img/src=x/onerror=document.title=1&gt;"), "{html}");
    assert!(
        html.contains("&lt;/script&gt;&lt;script&gt;document.title='hit'&lt;/script&gt;&lt;b id=hit&gt;"),
        "{html}"
    );
    assert!(
        html.contains("<title>Sekisho</title>") && !html.contains("<img") && !html.contains("<b id"),
        "{html}"
    );
    drop(backend);
}
