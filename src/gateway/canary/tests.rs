use super::Share;
use crate::gateway::exchange::Exchange;
use crate::gateway::flow::Flow;
use crate::gateway::testing::{self, gateway, head, http, proxy};
use crate::gateway::{Env, Gateway};
use proptest::prelude::{any, prop_assert, proptest};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::rc::Rc;

/// A gateway whose canary asks another backend than its stage.
fn canary(settings: Value) -> Rc<Gateway> {
    let mut document = http(&["GET /x"], proxy("http://${stageVariables.side}.test", json!({})));
    let stage = &mut document["apis"][0]["stages"][0];
    stage["stageVariables"] = json!({ "side": "stable" });
    stage["canarySettings"] = settings;
    stage["canarySettings"]["stageVariableOverrides"] = json!({ "side": "canary" });
    gateway(&document)
}

/// Whether a request goes to the canary.
fn takes(gateway: &Rc<Gateway>, headers: &[(&str, &str)], dice: [u8; 32]) -> bool {
    let mut exchange = Exchange::new(Rc::clone(gateway));
    let env = Env { dice, ..testing::env() };
    let sent = || head("GET", "/x", headers, true);
    let Flow::Forward(edits) = exchange.on_request_headers(Ok(sent()), &env) else { panic!("no backend") };
    match testing::apply(&sent(), edits).iter().find(|(name, _)| name == ":authority").unwrap().1.as_str() {
        "canary.test" => true,
        "stable.test" => false,
        other => panic!("{other}"),
    }
}

const NEVER: [u8; 32] = [0xff; 32];
const ALWAYS: [u8; 32] = [0; 32];

#[test]
fn none_and_all_are_exact() {
    let [none, all] = [0.0, 100.0].map(|percent| Share::of_percent(percent).unwrap());
    for drawn in [NEVER, ALWAYS] {
        assert!(!none.holds(drawn));
        assert!(all.holds(drawn));
    }
    for wrong in [-0.1, 100.1, f64::NAN, f64::INFINITY] {
        assert_eq!(Share::of_percent(wrong), None, "{wrong}");
    }
    assert!(!takes(&canary(json!({})), &[], ALWAYS));
    assert!(takes(&canary(json!({ "percentTraffic": 100 })), &[], NEVER));
}

#[test]
fn headers_come_before_cookies_and_these_before_the_weight() {
    let gateway = canary(json!({ "percentTraffic": 50, "match": [
        { "cookie": { "name": "beta", "prefix": "y" } },
        { "header": { "name": "X-Canary", "exact": "on" } },
        { "header": { "name": "x-team", "regex": "(blue|green)-[0-9]+" } },
    ] }));
    for headers in
        [[("x-canary", "on")], [("x-team", "blue-12")], [("cookie", "a=b; beta=yes")], [("cookie", "beta=y")]]
    {
        assert!(takes(&gateway, &headers, NEVER), "{headers:?}");
    }
    for headers in [
        [("x-canary", "On")],
        [("x-canary", "on, on")],
        [("x-team", "blue-12x")],
        [("cookie", "beta=no")],
        [("cookie", "Beta=yes")],
        [("cookie", "alphabeta=yes")],
        [("x-beta", "yes")],
    ] {
        assert!(!takes(&gateway, &headers, NEVER), "{headers:?}");
        assert!(takes(&gateway, &headers, ALWAYS), "{headers:?}");
    }
}

#[test]
fn a_key_that_is_missing_or_empty_leaves_it_to_the_dice() {
    let gateway = canary(json!({ "percentTraffic": 50, "stickyKey": "$request.header.x-user" }));
    for headers in [vec![], vec![("x-user", "")]] {
        assert!(takes(&gateway, &headers, ALWAYS));
        assert!(!takes(&gateway, &headers, NEVER));
    }
    let one = takes(&gateway, &[("x-user", "ann")], ALWAYS);
    assert_eq!(takes(&gateway, &[("x-user", "ann")], NEVER), one);
}

proptest! {
    #[test]
    fn a_user_never_goes_back_while_the_share_only_grows(
        user in "[a-z0-9]{1,12}",
        less in 0.0..100.0_f64,
        more in 0.0..100.0_f64,
        dice in any::<[u8; 32]>(),
    ) {
        let (less, more) = (less.min(more), less.max(more));
        let side = |percent: f64| {
            let settings = json!({ "percentTraffic": percent, "stickyKey": "$request.cookie.user" });
            takes(&canary(settings), &[("cookie", &format!("user={user}"))], dice)
        };
        prop_assert!(!side(less) || side(more));
    }
}

#[test]
fn shares_of_weights_and_of_keys_are_right() {
    // Three standard deviations of 20,000 draws at 10 percent are 127.
    let weighted = canary(json!({ "percentTraffic": 10 }));
    let sticky = canary(json!({ "percentTraffic": 10, "stickyKey": "$request.header.x-user" }));
    let mut counts = [0_u32; 2];
    for user in 0..20_000_u32 {
        let dice = Sha256::digest(user.to_be_bytes()).into();
        counts[0] += u32::from(takes(&weighted, &[], dice));
        counts[1] += u32::from(takes(&sticky, &[("x-user", &user.to_string())], NEVER));
    }
    for count in counts {
        assert!((1_873..=2_127).contains(&count), "{counts:?}");
    }
}
