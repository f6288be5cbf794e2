//! Users stay on their side: on every worker, in every Envoy, and while the share only grows.

use crate::documents::{document, get};
use crate::load::{Client, alone, ask, field, is_canary, one_each};
use crate::statistics::{LEAST, p_value};
use sekisho_cases::tokens::token;
use serde_json::{Value, json};
use std::time::Instant;
use wasm_tests::{Backend, Dynamic, Gateway, Options};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");
const WORKERS: u32 = 4;
const USERS: usize = 1_000;
const KEYS: [(&str, &str); 4] = [
    ("header", "$request.header.x-user"),
    ("cookie", "$request.cookie.user"),
    ("ip", "$context.identity.sourceIp"),
    ("claim", "$context.authorizer.claims.sub"),
];

/// A stage for each kind of key.
fn sticky(percent: u32) -> Value {
    let stages = KEYS.map(|(stage, key)| (stage, json!({ "percentTraffic": percent, "stickyKey": key })));
    document(&percent.to_string(), &stages)
}

/// The requests of all users to each stage: stage by stage, user by user.
fn requests() -> Vec<String> {
    let of_user = |stage: &str, user: usize| match stage {
        "header" => get("/header/x", &format!("x-user: user-{user}\r\n")),
        "cookie" => get("/cookie/x", &format!("cookie: a=b; user=user-{user}; c=d\r\n")),
        "ip" => get("/ip/x", &format!("x-forwarded-for: 10.1.{}.{}\r\n", user / 250, user % 250)),
        "claim" => {
            let token = token(&json!({}), &json!({ "sub": format!("user-{user}") }));
            get("/claim/login", &format!("authorization: Bearer {token}\r\n"))
        }
        other => panic!("{other}"),
    };
    KEYS.iter().flat_map(|(stage, _)| (0..USERS).map(move |user| of_user(stage, user))).collect()
}

/// The side of each of these requests; every connection says the same.
fn sides(clients: &mut [Client], requests: &[String]) -> Vec<bool> {
    let request = |number: usize| requests[number].clone();
    let of_client = |client: &mut Client| -> Vec<bool> {
        let answers = ask(std::slice::from_mut(client), requests.len(), &request);
        answers.into_iter().flatten().map(|(_, answer)| answer.is_canary).collect()
    };
    let mut all: Vec<Vec<bool>> = std::thread::scope(|scope| {
        let threads: Vec<_> = clients.iter_mut().map(|client| scope.spawn(|| of_client(client))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let first = all.remove(0);
    for (connection, other) in all.iter().enumerate() {
        let differing: Vec<_> = (0..first.len()).filter(|i| first[*i] != other[*i]).collect();
        assert!(differing.is_empty(), "connection {connection} differs: {}", requests[differing[0]]);
    }
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn users_never_go_back_while_the_share_only_grows() {
    let _alone = alone().await;
    let began = Instant::now();
    let requests = requests();
    let options = Options { concurrency: WORKERS, ..Options::default() };
    let world = Dynamic::start(COMMAND, &sticky(0), &options).await;
    let mut clients = one_each(world.gateway()).await;
    let mut before = vec![false; requests.len()];
    for percent in [0, 1, 5, 10, 25, 50, 75, 100] {
        if percent > 0 {
            let said = world.apply(&sticky(percent)).await;
            assert_eq!(said.code, Some(0), "{}", said.text);
        }
        let version = percent.to_string();
        for client in &mut clients {
            assert_eq!(field(&client.ask(&get("/header/x", "")), "x-version"), Some(version.as_str()));
        }
        let now = tokio::task::block_in_place(|| sides(&mut clients, &requests));
        let flipped = (0..now.len()).find(|i| before[*i] && !now[*i]);
        assert_eq!(flipped.map(|i| &requests[i]), None, "went back at {percent} %");
        let counts: Vec<_> = now
            .chunks(USERS)
            .map(|of_stage| of_stage.iter().filter(|is_canary| **is_canary).count())
            .collect();
        println!("{percent} %: of {USERS} users by header, cookie, address, claim: {counts:?}");
        for count in counts {
            match percent {
                0 => assert_eq!(count, 0),
                100 => assert_eq!(count, USERS),
                _ => assert!(
                    p_value(count, USERS, f64::from(percent) / 100.0) > LEAST,
                    "{count} at {percent} %"
                ),
            }
        }
        if percent == 25 {
            assert_eq!(elsewhere(&requests).await, now, "another Envoy has other sides");
        }
        before = now;
    }
    println!("{:.1} s", began.elapsed().as_secs_f64());
    world.gateway().assert_no_panic().await;
}

/// The sides in an Envoy that knows nothing of the first one.
async fn elsewhere(requests: &[String]) -> Vec<bool> {
    let backend = Backend::start().await;
    let options = Options { concurrency: 2, ..Options::default() };
    let gateway = Gateway::start(&sticky(25), &backend, options).await;
    let mut clients = one_each(&gateway).await;
    tokio::task::block_in_place(|| sides(&mut clients, requests))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_and_a_cookie_win_over_the_key_and_the_key_over_the_weight() {
    const TIMES: usize = 40;
    let _alone = alone().await;
    let matches = json!([
        { "cookie": { "name": "beta", "prefix": "y" } },
        { "header": { "name": "X-Canary", "exact": "on" } },
        { "header": { "name": "x-team", "regex": "(blue|green)-[0-9]+" } },
    ]);
    let settings = json!({ "percentTraffic": 50, "stickyKey": "$request.header.x-user", "match": matches });
    let backend = Backend::start().await;
    let options = Options { concurrency: WORKERS, ..Options::default() };
    let gateway = Gateway::start(&document("1", &[("prod", settings)]), &backend, options).await;
    let mut clients = one_each(&gateway).await;
    // How many of the answers, on every worker, are the canary's.
    let mut ask = |lines: &str| {
        let request = get("/prod/x", lines);
        let asked = clients.iter_mut().flat_map(|client| {
            std::iter::repeat_with(|| client.ask(&request)).take(TIMES).collect::<Vec<_>>()
        });
        asked.filter(|head| is_canary(head)).count()
    };
    let all = TIMES * WORKERS as usize;
    let user = |number: u32| format!("x-user: user-{number}\r\n");
    let mut on = |is_canary: bool| {
        (0..100)
            .map(user)
            .find(|user| ask(user) == if is_canary { all } else { 0 })
            .expect("some user is there")
    };
    let (stable, canary) = (on(false), on(true));
    for lines in [
        "x-canary: on\r\n",
        "x-team: blue-12\r\n",
        "cookie: a=b; beta=yes\r\n",
        "cookie: beta=y\r\nx-canary: on\r\n",
    ] {
        assert_eq!(ask(&format!("{stable}{lines}")), all, "{lines}");
    }
    for lines in [
        "x-canary: On\r\n",
        "x-team: blue-12x\r\n",
        "cookie: beta=no\r\n",
        "cookie: alphabeta=yes\r\nx-beta: y\r\n",
    ] {
        assert_eq!(ask(&format!("{stable}{lines}")), 0, "{lines}");
        assert_eq!(ask(&format!("{canary}{lines}")), all, "{lines}");
    }
    // Who has no key: by weight.
    let by_weight = ask("");
    assert!((1..all).contains(&by_weight), "{by_weight} of {all}");
    gateway.assert_no_panic().await;
}
