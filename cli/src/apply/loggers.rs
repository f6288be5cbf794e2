//! Access loggers while a change is on its way.
//!
//! The filter leaves a line under the name of its destination, and a logger of the listener's takes it from there. A listener
//! must have the loggers of the new filter before that serves, or lines of new destinations would be lost; and those of the old
//! one until that serves no more.

use serde_json::{Map, Value, json};

/// Where a logger names the state whose lines it writes: that of a stream in its format, any other in its filter.
const STATES: [&str; 2] = [
    "/typed_config/log_format/text_format_source/inline_string",
    "/filter/extension_filter/typed_config/expression",
];

/// The old listeners, with those loggers of the new ones beside their own that they do not have. None if they have all.
#[must_use]
pub(super) fn widened(old: &[Value], new: &[Value]) -> Option<Vec<Value>> {
    let mut new = new.to_vec();
    let wanted: Vec<Value> = managers(&mut new).filter_map(loggers).flat_map(|it| it.clone()).collect();
    let mut listeners = old.to_vec();
    let mut is_wider = false;
    for own in managers(&mut listeners).filter_map(loggers) {
        for logger in &wanted {
            if let Some(state) = state(logger)
                && !own.iter().any(|it| self::state(it) == Some(state))
            {
                own.push(logger.clone());
                is_wider = true;
            }
        }
    }
    is_wider.then_some(listeners)
}

/// What tells loggers apart. One that names no state of the filter's writes of every request, whatever the document.
fn state(logger: &Value) -> Option<&str> {
    let text = STATES.iter().find_map(|at| logger.pointer(at)?.as_str())?;
    let state = text.get(text.find("wasm.sekisho_")?..)?;
    state.split([':', '\'']).next()
}

/// The connection managers of listeners.
fn managers(listeners: &mut [Value]) -> impl Iterator<Item = &mut Map<String, Value>> {
    let chains = listeners.iter_mut().flat_map(|listener| list(listener, "filter_chains"));
    let filters = chains.flat_map(|chain| list(chain, "filters"));
    filters.filter_map(|filter| filter.get_mut("typed_config")?.as_object_mut())
}

fn list<'a>(of: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    of.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn loggers(manager: &mut Map<String, Value>) -> Option<&mut Vec<Value>> {
    manager.entry("access_log").or_insert_with(|| json!([])).as_array_mut()
}

#[cfg(test)]
mod tests {
    use super::widened;
    use crate::render::{Settings, access_log, document};
    use serde_json::{Value, json};

    /// As documents have them rendered.
    fn logger(destination: &str) -> Value {
        let document = json!({ "apis": [{
            "apiId": "a", "protocolType": "HTTP",
            "stages": [{ "stageName": "$default", "accessLogSettings": { "format": "$context.requestId", "destination": destination } }],
        }] });
        let (plan, _) = document::plan(document.to_string().as_bytes(), &|_| None).unwrap();
        let address = |port: u16| ([127, 0, 0, 1], port).into();
        let settings = Settings::new(address(8080), address(9901), "sekisho.wasm".into());
        let [logger] = access_log::loggers(&plan, &settings).try_into().unwrap();
        logger
    }

    fn listeners(loggers: &[Value]) -> Vec<Value> {
        let mut manager = json!({ "stat_prefix": "sekisho" });
        if !loggers.is_empty() {
            manager["access_log"] = loggers.into();
        }
        let chain = json!({ "filters": [{ "name": "hcm", "typed_config": manager }] });
        vec![
            json!({ "name": "plain", "filter_chains": [chain] }),
            json!({ "name": "tls", "filter_chains": [chain, chain] }),
        ]
    }

    #[test]
    fn old_listeners_get_what_they_lack() {
        let (a, b, every) =
            (logger("file:/a"), logger("file:/b"), json!({ "typed_config": { "path": "/every" } }));
        let all = |loggers: &[&Value]| listeners(&loggers.iter().map(|it| (*it).clone()).collect::<Vec<_>>());
        assert_eq!(widened(&all(&[&a]), &all(&[&b])), Some(all(&[&a, &b])));
        assert_eq!(widened(&all(&[]), &all(&[&a, &b])), Some(all(&[&a, &b])));
        assert_eq!(widened(&all(&[&every, &a]), &all(&[&every, &a, &b])), Some(all(&[&every, &a, &b])));
        // What goes, goes at the end; what writes of every request is not the document's.
        assert_eq!(widened(&all(&[&a, &b]), &all(&[&a])), None);
        assert_eq!(widened(&all(&[]), &all(&[&every])), None);
        // A state has one writer, so that no line is written twice.
        let mut elsewhere = a.clone();
        elsewhere["typed_config"]["path"] = "/elsewhere".into();
        assert_eq!(widened(&all(&[&a]), &all(&[&elsewhere])), None);
        let others = ["stdout", "otlp:http://127.0.0.1:4317", "als:http://127.0.0.1:4317"].map(logger);
        for (place, logger) in others.iter().enumerate() {
            let before: Vec<_> = others.iter().take(place).chain([&a]).collect();
            let after = [before.as_slice(), &[logger]].concat();
            assert_eq!(widened(&all(&before), &all(&after)), Some(all(&after)));
        }
    }
}
