//! What is waited for, and what becomes of it.

use crate::shapes::Shape;
use crate::world::PROBES_OWN;
use wasm_tests::client::Wire;

const INTERNAL: &str = r#"{"message":"Internal Server Error"}"#;

/// What a request waits for, by the probe's path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    /// What the callout says.
    pub(crate) says: u16,
    /// Whether the callout answers only when all of what is sent before was looked at.
    pub(crate) slow: bool,
    pub(crate) outcome: fn(Shape, Wire) -> Outcome,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The backend gets all of it; its core has seen this of it (`*` is any one text), and of the response that.
    Passes { request: String, response: &'static str },
    /// The backend gets nothing, not a byte.
    Refused { status: u16, body: &'static str },
}

fn passes(request: &str) -> Outcome {
    Outcome::Passes { request: request.to_owned(), response: "response=200:upstream" }
}

/// The probe's own sum, of a body that it was shown whole.
fn whole(shape: Shape) -> String {
    let body = shape.body();
    let sum = body.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    format!("body={}. sum={sum:08x}", body.len())
}

fn allowed(_: Shape, _: Wire) -> Outcome {
    passes("call=200+2")
}

fn refused(_: Shape, _: Wire) -> Outcome {
    Outcome::Refused { status: 403, body: PROBES_OWN }
}

fn failed(_: Shape, _: Wire) -> Outcome {
    Outcome::Refused { status: 500, body: PROBES_OWN }
}

/// A body that is wanted whole is buffered, and so is refused over the limit, by Envoy.
fn buffered(shape: Shape, then: impl FnOnce() -> Outcome) -> Outcome {
    if shape.is_upload() { Outcome::Refused { status: 413, body: "Payload Too Large" } } else { then() }
}

pub(crate) const WAITS: &[Wait] = &[
    Wait { name: "nothing", path: "/forward/", says: 200, slow: false, outcome: |_, _| passes("") },
    Wait { name: "a callout that allows", path: "/call/", says: 200, slow: false, outcome: allowed },
    Wait { name: "a callout that refuses", path: "/call/", says: 403, slow: false, outcome: refused },
    Wait { name: "a slow callout that allows", path: "/call/", says: 200, slow: true, outcome: allowed },
    Wait { name: "a slow callout that refuses", path: "/call/", says: 403, slow: true, outcome: refused },
    Wait {
        name: "two callouts, one after the other",
        path: "/call,call/",
        says: 200,
        slow: true,
        outcome: |_, _| passes("call=200+2 call=200+2"),
    },
    Wait {
        name: "a callout to a host that refuses connections, which Envoy answers 503",
        path: "/call:dead/",
        says: 200,
        slow: false,
        outcome: failed,
    },
    Wait { name: "a callout without a host", path: "/call:empty/", says: 200, slow: false, outcome: failed },
    Wait {
        name: "a callout to an unknown cluster",
        path: "/call:nowhere/",
        says: 200,
        slow: false,
        outcome: failed,
    },
    Wait {
        name: "an unknown cluster after a callout",
        path: "/call,call:nowhere/",
        says: 200,
        slow: true,
        outcome: failed,
    },
    Wait {
        name: "a body",
        path: "/body/",
        says: 200,
        slow: false,
        outcome: |shape, _| buffered(shape, || passes(&whole(shape))),
    },
    Wait {
        name: "a body, then a callout",
        path: "/body,call,body/",
        says: 200,
        slow: true,
        outcome: |shape, _| buffered(shape, || passes(&format!("{0} call=200+2 {0}", whole(shape)))),
    },
    Wait {
        name: "a body, then a callout that refuses",
        path: "/body,call,body/",
        says: 403,
        slow: true,
        outcome: |shape, wire| buffered(shape, || refused(shape, wire)),
    },
    Wait {
        name: "a callout, then a body",
        path: "/callbody,body/",
        says: 200,
        slow: true,
        outcome: |shape, _| buffered(shape, || passes(&format!("call=200+2 {}", whole(shape)))),
    },
    Wait {
        name: "a callout that refuses before a body",
        path: "/callbody,body/",
        says: 403,
        slow: true,
        outcome: |shape, wire| buffered(shape, || refused(shape, wire)),
    },
    Wait {
        name: "a body after a callout that did not keep it",
        path: "/call,body/",
        says: 200,
        slow: true,
        outcome: |shape, wire| {
            if shape.is_bodiless(wire) {
                passes(&format!("call=200+2 {}", whole(shape)))
            } else {
                Outcome::Refused { status: 500, body: INTERNAL }
            }
        },
    },
    Wait {
        name: "the beginning of a body, then a callout",
        path: "/body:5,call/",
        says: 200,
        slow: true,
        outcome: |_, _| passes("body=* call=200+2"),
    },
    Wait {
        name: "the beginning of a body, then a callout that refuses",
        path: "/body:5,call/",
        says: 403,
        slow: true,
        outcome: refused,
    },
    Wait {
        name: "a response's body",
        path: "/forward/body/",
        says: 200,
        slow: false,
        outcome: |_, _| Outcome::Passes {
            request: String::new(),
            response: "response=200:upstream response-body=2.",
        },
    },
    Wait {
        name: "a callout, and the response's body",
        path: "/call/body/",
        says: 200,
        slow: true,
        outcome: |_, _| Outcome::Passes {
            request: "call=200+2".to_owned(),
            response: "response=200:upstream response-body=2.",
        },
    },
];
