//! What render writes, in a real Envoy.

mod render_support;

use render_support::backend::Backend;
use render_support::{client, cluster, envoy, plan, settings};
use sekisho_cli::render::{bootstrap, dynamic::Delivery, yaml};

#[test]
fn explore() {
    let Some(binary) = envoy::binary_or_skip("explore") else { return };
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("envoy.yaml");
    std::fs::write(&file, yaml::document(&bootstrap::bootstrap(&plan, &settings(), Delivery::Static))).unwrap();
    let v = envoy::validate(&binary, &file);
    println!("{} {}", v.status, String::from_utf8_lossy(&v.stderr));
    let mut e = envoy::Envoy::start(&binary, &file);
    let name = plan.clusters[0].name.clone();
    let c: (&str, &str) = ("x-stub-cluster", &name);
    let show = |what: &str, r: Option<client::Response>| println!("== {what}\n{}", r.map_or("none".into(), |r| format!("{}\n\n{}", r.head, r.body)));
    show("routed", client::try_get(e.listen, "/a//b/%2F../x?q=1", &[c, ("x-sekisho-cluster", "evil"), ("x-envoy-retry-on", "5xx"), ("x_amzn_waf_a", "1"), ("x-request-id", "mine"), ("x-forwarded-client-cert", "By=x"), ("x_under", "1"), ("x-stub-retry-on", "reset")]));
    show("404 ours", client::try_get(e.listen, "/", &[]));
    show("403 ours", client::try_get(e.listen, "/", &[("x-stub", "forbid")]));
    show("500 ours", client::try_get(e.listen, "/", &[("x-stub", "internal")]));
    show("unrouted", client::try_get(e.listen, "/", &[("x-stub", "unrouted")]));
    show("unrouted w header", client::try_get(e.listen, "/", &[("x-stub", "unrouted"), ("x-sekisho-cluster", &name)]));
    show("missing cluster", client::try_get(e.listen, "/", &[("x-stub-cluster", "http://127")]));
    show("upstream 404", client::try_get(e.listen, "/", &[c, ("x-stub-status", "404")]));
    show("upstream 503", client::try_get(e.listen, "/", &[c, ("x-stub-status", "503")]));
    show("timeout", client::try_get(e.listen, "/", &[c, ("x-stub-sleep", "2000"), ("x-stub-timeout", "200")]));
    show("431", client::try_get(e.listen, "/", &[("x-big", &"a".repeat(50_000))]));
    let many: Vec<String> = (0..120).map(|i| format!("x-{i}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|n| (n.as_str(), "1")).collect();
    show("431 count", client::try_get(e.listen, "/", &many));
    show("400", client::raw(e.listen, b"GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n"));
    show("400 nohost", client::raw(e.listen, b"GET / HTTP/1.1\r\n\r\n"));
    show("400 garbage", client::raw(e.listen, b"garbage\r\n\r\n"));
    show("426 1.0", client::raw(e.listen, b"GET / HTTP/1.0\r\n\r\n"));
    show("upgrade other", client::raw(e.listen, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n"));
    for size in [60_000usize, 500_000, 2_000_000, 9_000_000, 12_000_000] {
        show(&format!("body {size}"), client::request(e.listen, "POST", "/", &[c, ("x-stub", "body")], &vec![b'a'; size]));
    }
    show("trap", client::try_get(e.listen, "/", &[("x-stub", "trap")]));
    show("after trap", client::try_get(e.listen, "/", &[c]));
    let raw = format!("GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: a\r\nsec-websocket-version: 13\r\nx-stub-cluster: {name}\r\nx-stub-timeout: 500\r\n\r\n");
    let t = std::time::Instant::now();
    show("ws", client::raw(e.listen, raw.as_bytes()));
    println!("{:?}", t.elapsed());
    e.wait("x", |_| Some(()));
    println!("{}", e.log());
}
