//! Access loggers while a change is on its way.
//!
//! The filter leaves a line under the name of its destination, and a logger of the listener's takes it from there. A listener
//! must have the loggers of the new filter before that serves, or lines of new destinations would be lost; and those of the old
//! one until that serves no more.

use serde_json::{Map, Value, json};

/// What tells loggers apart: the state whose lines they write. One without it writes of every request, whatever the document.
const STATE: &str = "/filter/extension_filter/typed_config/expression";

/// The old listeners, with those loggers of the new ones beside their own that they do not have. None if they have all.
#[must_use]
pub(super) fn widened(old: &[Value], new: &[Value]) -> Option<Vec<Value>> {
    let mut new = new.to_vec();
    let wanted: Vec<Value> = managers(&mut new).filter_map(loggers).flat_map(|it| it.clone()).collect();
    let mut listeners = old.to_vec();
    let mut is_wider = false;
    for own in managers(&mut listeners).filter_map(loggers) {
        for logger in &wanted {
            let state = logger.pointer(STATE);
            if state.is_some() && !own.iter().any(|it| it.pointer(STATE) == state) {
                own.push(logger.clone());
                is_wider = true;
            }
        }
    }
    is_wider.then_some(listeners)
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
    use serde_json::{Value, json};

    fn logger(state: &str, path: &str) -> Value {
        json!({
            "filter": { "extension_filter": { "typed_config": { "expression": format!("'{state}' in filter_state") } } },
            "typed_config": { "path": path },
        })
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
            (logger("a", "/a"), logger("b", "/b"), json!({ "typed_config": { "path": "/every" } }));
        let all = |loggers: &[&Value]| listeners(&loggers.iter().map(|it| (*it).clone()).collect::<Vec<_>>());
        assert_eq!(widened(&all(&[&a]), &all(&[&b])), Some(all(&[&a, &b])));
        assert_eq!(widened(&all(&[]), &all(&[&a, &b])), Some(all(&[&a, &b])));
        assert_eq!(widened(&all(&[&every, &a]), &all(&[&every, &a, &b])), Some(all(&[&every, &a, &b])));
        // What goes, goes at the end; what writes of every request is not the document's.
        assert_eq!(widened(&all(&[&a, &b]), &all(&[&a])), None);
        assert_eq!(widened(&all(&[]), &all(&[&every])), None);
        // A state has one writer, so that no line is written twice.
        assert_eq!(widened(&all(&[&a]), &all(&[&logger("a", "/elsewhere")])), None);
    }
}
