//! The best that the SDK can do while a callout is under way: `Pause` from every callback.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use std::time::Duration;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

struct Root;
#[derive(Default)]
struct Stream {
    waiting: bool,
}

impl Stream {
    fn action(&self) -> Action {
        if self.waiting { Action::Pause } else { Action::Continue }
    }
}

impl Context for Root {}
impl RootContext for Root {
    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::<Stream>::default())
    }
    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
impl Context for Stream {
    fn on_http_call_response(&mut self, _: u32, _: usize, _: usize, _: usize) {
        self.waiting = false;
        let status = self.get_http_call_response_header(":status");
        if status.as_deref() == Some("403") {
            self.send_http_response(403, vec![], None);
        } else {
            self.set_http_request_header("x-sekisho-cluster", Some("backend"));
            self.resume_http_request();
        }
    }
}
impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let headers = vec![(":method", "POST"), (":path", "/asked"), (":authority", "callout")];
        self.waiting =
            self.dispatch_http_call("callout", headers, None, vec![], Duration::from_secs(10)).is_ok();
        self.action()
    }
    fn on_http_request_body(&mut self, _: usize, _: bool) -> Action {
        self.action()
    }
    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.action()
    }
}
