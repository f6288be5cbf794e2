//! AWS's published test suite, as a verifier meets it: every signed request of it is judged.

use super::{
    Caller, IamAuthorizer, Key, KnownCaller, Rc, Rejection, Secret, Sent, at, document, fs, judge, sigv4,
};
use crate::gateway::authorizers::iam::moment::Moment;
use serde_json::Value;

/// Requests of the suite that API Gateway does not take, and why.
const REFUSED: [(&str, &str); 2] = [
    ("-unnormalized", "the path is signed as S3 alone signs it: with its empty and dot segments"),
    ("post-sts-header-after", "the session token is added after signing"),
];

const HAS_NOTHING_TO_NORMALISE: &str = "get-space-unnormalized";

#[test]
fn every_request_of_the_suite_is_judged_as_its_signature_deserves() {
    let suite = sigv4::test_suite();
    let mut names: Vec<_> = fs::read_dir(&suite)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let (mut accepted, mut refused, mut absent) = (0, Vec::new(), Vec::new());
    for name in &names {
        for form in ["header", "query"] {
            let folder = suite.join(name);
            let Ok(text) = fs::read(folder.join(format!("{form}-signed-request.txt"))) else {
                absent.push(format!("{name}/{form}"));
                continue;
            };
            let context = fs::read(folder.join("context.json")).unwrap_or_else(|_| b"{}".to_vec());
            let verdict = verdict(&text, &serde_json::from_slice(&context).unwrap());
            let expected =
                REFUSED.iter().find(|(end, _)| name.ends_with(end) && name != HAS_NOTHING_TO_NORMALISE);
            match (verdict, expected) {
                (Ok(_), None) => accepted += 1,
                (Err(Rejection::InvalidSignature(refusal)), Some((_, why))) => {
                    refused.push(format!("{name}/{form}: {refusal:?}: {why}"));
                }
                (verdict, expected) => panic!("{name}/{form}: {verdict:?}, {expected:?}"),
            }
        }
    }
    println!(
        "{} folders: {accepted} accepted, {} refused, {} absent {absent:?}",
        names.len(),
        refused.len(),
        absent.len()
    );
    refused.iter().for_each(|line| println!("  {line}"));
    assert_eq!((names.len(), accepted, refused.len(), absent.len()), (40, 64, 14, 2));
}

fn verdict(text: &[u8], context: &Value) -> Result<String, Rejection> {
    let sent = parse(text);
    let all = String::from_utf8_lossy(text).replace("%2F", "/");
    let credential = all.split_once("Credential=").unwrap().1.split([',', '&']).next().unwrap();
    let [id, _, region, service, _] = credential.split('/').collect::<Vec<_>>().try_into().unwrap();
    let (_, date) = all.split_once("-Date").or_else(|| all.split_once("-date")).unwrap();
    let date = date.trim_start_matches([':', '=', ' ']).as_bytes().first_chunk::<16>().unwrap();
    let date = Moment::basic(date).unwrap();
    // Two folders have no context: AWS's signer has it in its code.
    let secret = context["credentials"]["secret_access_key"].as_str().unwrap_or(match id {
        "ANOTREAL" => "notrealrnrELgWzOk3IfjzDKtFBhDby",
        _ => "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    });
    let key = Key::new(&Secret(secret.into())).unwrap();
    let token = context["credentials"]["token"].as_str().map(|token| key.tag(token.as_bytes()));
    let caller = Caller { access_key_id: id.to_owned(), account_id: String::new(), user_arn: String::new() };
    let known = Rc::new(KnownCaller { caller: Rc::new(caller), key, token, policy: None });
    let service: &'static str = String::leak(service.to_owned());
    let iam = IamAuthorizer { region: region.to_owned(), service, callers: [(id.to_owned(), known)].into() };
    judge(&iam, &sent, &at(date.seconds.try_into().unwrap()), &document()).0
}

/// A request as the suite writes it; a line that begins with a blank goes on with the header above.
fn parse(text: &[u8]) -> Sent {
    let text = String::from_utf8(text.to_vec()).unwrap().replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut lines = head.split('\n');
    let first = lines.next().unwrap().trim_end_matches(" HTTP/1.1");
    let (method, target) = first.split_once(' ').unwrap();
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        match line.strip_prefix(' ') {
            Some(more) => {
                let value = &mut headers.last_mut().unwrap().1;
                value.push(b' ');
                value.extend_from_slice(more.as_bytes());
            }
            None => {
                let (name, value) = line.split_once(':').unwrap();
                let name = name.to_ascii_lowercase();
                let name = if name == "host" { ":authority".to_owned() } else { name };
                headers.push((name, value.trim().as_bytes().to_vec()));
            }
        }
    }
    let (method, target) = (method.as_bytes().to_vec(), target.as_bytes().to_vec());
    Sent { method, target, headers, body: body.as_bytes().to_vec() }
}
