//! Proxy-Wasm 0.2.1 as Envoy offers it to the module, in this process: header maps, properties, shared data, metrics and clocks
//! that say the same in each run. Every call is counted by its name.

use super::profile::{self, Profile};
use std::collections::BTreeMap;
use wasmi::{Caller, Extern, Linker, Memory};

/// What Envoy's calls answer.
const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const CAS_MISMATCH: u32 = 8;

/// Names and values.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Envoy, as far as the module sees it.
#[derive(Debug, Default)]
pub struct Host {
    /// How often each call was made.
    pub calls: BTreeMap<&'static str, u64>,
    /// Pieces of memory that were asked of the module for what calls give it.
    pub allocations: u64,
    /// The document.
    pub document: Vec<u8>,
    /// Header maps by their numbers.
    pub maps: BTreeMap<u32, Pairs>,
    /// Properties by their paths, parts separated by zero bytes.
    pub properties: BTreeMap<&'static [u8], Vec<u8>>,
    /// Nanoseconds since the Unix epoch; the monotonic clock counts from the start of the same.
    pub now: u64,
    /// The status of an answer that the module gave instead of the backend, and its headers.
    pub answer: Option<(u32, Pairs, usize)>,
    /// What was logged at or above the level of warnings.
    pub warnings: Vec<String>,
    /// Functions that ran, of a module that tells of them.
    pub profile: Profile,
    shared: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    writes: u32,
    metrics: BTreeMap<Vec<u8>, u32>,
    random: u64,
}

// === impl Host ===

impl Host {
    /// A host with this document and these properties, at this time.
    pub(crate) fn new(document: Vec<u8>, properties: BTreeMap<&'static [u8], Vec<u8>>, now: u64) -> Self {
        Self { document, properties, now, ..Self::default() }
    }

    pub(crate) fn count(&mut self, name: &'static str) {
        *self.calls.entry(name).or_default() += 1;
    }

    /// The next of a row of numbers that is the same in each run.
    pub(crate) fn random(&mut self) -> u8 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.random.to_be_bytes()[0]
    }

    fn metric(&mut self, name: Vec<u8>) -> u32 {
        let next = u32::try_from(self.metrics.len()).unwrap();
        *self.metrics.entry(name).or_insert(next)
    }

    /// Writes a shared value, as Envoy does: a version that is not the value's refuses, where there is a value.
    fn share(&mut self, key: Vec<u8>, value: Vec<u8>, version: u32) -> u32 {
        let known = self.shared.get(&key).map(|(_, version)| *version);
        if version != 0 && known.is_some_and(|known| known != version) {
            return CAS_MISMATCH;
        }
        self.writes += 1;
        self.shared.insert(key, (value, self.writes));
        OK
    }

    /// The map without this name; whether it was there.
    fn remove(&mut self, map: u32, name: &[u8]) {
        self.maps.entry(map).or_default().retain(|(known, _)| known != name);
    }
}

/// Everything that the module may import from `env`.
pub(crate) fn offer(linker: &mut Linker<Host>) {
    offer_streams(linker);
    offer_maps(linker);
    offer_store(linker);
    offer_statistics(linker);
    offer_profile(linker);
}

fn offer_streams(linker: &mut Linker<Host>) {
    on(linker, "proxy_get_property", |call: &mut Call<'_>, [path, path_size, data, size]: [u32; 4]| {
        let path = call.bytes(path, path_size);
        match call.host().properties.get(path.as_slice()).cloned() {
            Some(value) => call.give(&value, data, size),
            None => NOT_FOUND,
        }
    });
    on(linker, "proxy_set_property", |_: &mut Call<'_>, [_, _, _, _]: [u32; 4]| OK);
    on(linker, "proxy_get_buffer_bytes", |call, [_, start, length, data, size]: [u32; 5]| {
        let (start, document) = (start as usize, call.host().document.clone());
        let end = document.len().min(start + length as usize);
        call.give(&document[start..end], data, size)
    });
    on(linker, "proxy_set_buffer_bytes", |_, [_, _, _, _, _]: [u32; 5]| OK);
    on(linker, "proxy_continue_stream", |_, [_]: [u32; 1]| OK);
    on(linker, "proxy_set_effective_context", |_, [_]: [u32; 1]| OK);
    on(linker, "proxy_http_call", |_, [_, _, _, _, _, _, _, _, _, _]: [u32; 10]| NOT_FOUND);
    on(linker, "proxy_send_local_response", |call, [status, _, _, _, body, map, map_size, _]: [u32; 8]| {
        let headers = parse(&call.bytes(map, map_size));
        call.host().answer = Some((status, headers, body as usize));
        OK
    });
    on(linker, "proxy_call_foreign_function", |call, [_, _, argument, length, data, size]: [u32; 6]| {
        // The module tries the host with a signature over another text than the one that was signed: to say yes to that
        // would be to be no verifier. All other signatures are good.
        let question = call.bytes(argument, length);
        let valid = if question.ends_with(b"Sekisho") { [].as_slice() } else { &[0x08, 0x01] };
        call.give(valid, data, size)
    });
}

fn offer_maps(linker: &mut Linker<Host>) {
    on(linker, "proxy_get_header_map_pairs", |call, [map, data, size]: [u32; 3]| {
        let bytes = serialize(call.host().maps.entry(map).or_default());
        call.give(&bytes, data, size)
    });
    on(linker, "proxy_remove_header_map_value", |call, [map, name, size]: [u32; 3]| {
        let name = call.bytes(name, size);
        call.host().remove(map, &name);
        OK
    });
    on(linker, "proxy_replace_header_map_value", |call, [map, name, size, value, length]: [u32; 5]| {
        let (name, value) = (call.bytes(name, size), call.bytes(value, length));
        call.host().remove(map, &name);
        call.host().maps.entry(map).or_default().push((name, value));
        OK
    });
    on(linker, "proxy_add_header_map_value", |call, [map, name, size, value, length]: [u32; 5]| {
        let pair = (call.bytes(name, size), call.bytes(value, length));
        call.host().maps.entry(map).or_default().push(pair);
        OK
    });
}

fn offer_store(linker: &mut Linker<Host>) {
    on(linker, "proxy_get_shared_data", |call, [key, key_size, data, size, version]: [u32; 5]| {
        let key = call.bytes(key, key_size);
        let Some((value, number)) = call.host().shared.get(&key).cloned() else { return NOT_FOUND };
        call.write(version, number);
        call.give(&value, data, size)
    });
    on(linker, "proxy_set_shared_data", |call, [key, key_size, value, size, version]: [u32; 5]| {
        let (key, value) = (call.bytes(key, key_size), call.bytes(value, size));
        call.host().share(key, value, version)
    });
}

fn offer_statistics(linker: &mut Linker<Host>) {
    on(linker, "proxy_log", |call, [level, message, size]: [u32; 3]| {
        const WARNING: u32 = 3;
        let line = String::from_utf8_lossy(&call.bytes(message, size)).into_owned();
        if level >= WARNING {
            call.host().warnings.push(line);
        }
        OK
    });
    on(linker, "proxy_get_log_level", |call, [level]: [u32; 1]| {
        const INFO: u32 = 2;
        call.write(level, INFO);
        OK
    });
    on(linker, "proxy_get_current_time_nanoseconds", |call, [time]: [u32; 1]| {
        let now = call.host().now;
        call.put(time, &now.to_le_bytes());
        OK
    });
    on(linker, "proxy_set_tick_period_milliseconds", |_, [_]: [u32; 1]| OK);
    on(linker, "proxy_define_metric", |call, [_, name, size, metric]: [u32; 4]| {
        let name = call.bytes(name, size);
        let number = call.host().metric(name);
        call.write(metric, number);
        OK
    });
    let numbered = |name| {
        move |mut caller: Caller<'_, Host>, _: u32, _: u64| {
            caller.data_mut().count(name);
            OK
        }
    };
    for name in ["proxy_record_metric", "proxy_increment_metric"] {
        linker.func_wrap("env", name, numbered(name)).unwrap();
    }
}

fn offer_profile(linker: &mut Linker<Host>) {
    let begin = |mut caller: Caller<'_, Host>, function: u32| {
        let left = caller.get_fuel().unwrap();
        caller.data_mut().profile.begin(function, left);
    };
    let end = |mut caller: Caller<'_, Host>, _function: u32| {
        let left = caller.get_fuel().unwrap();
        caller.data_mut().profile.end(left);
    };
    linker.func_wrap(profile::MODULE, profile::BEGIN, begin).unwrap();
    linker.func_wrap(profile::MODULE, profile::END, end).unwrap();
}

/// Offers a call whose arguments are numbers of 32 bits.
fn on<const N: usize>(
    linker: &mut Linker<Host>,
    name: &'static str,
    answer: impl Fn(&mut Call<'_>, [u32; N]) -> u32 + Send + Sync + 'static,
) {
    use wasmi::{FuncType, Val, ValType};
    let kind = FuncType::new([ValType::I32; N], [ValType::I32]);
    let call = move |mut caller: Caller<'_, Host>, arguments: &[Val], results: &mut [Val]| {
        caller.data_mut().count(name);
        let arguments = std::array::from_fn(|n| arguments[n].i32().unwrap().cast_unsigned());
        let status = answer(&mut Call(caller), arguments);
        results[0] = Val::I32(status.cast_signed());
        Ok(())
    };
    linker.func_new("env", name, kind, call).unwrap();
}

/// A call that is answered.
pub(crate) struct Call<'a>(pub(crate) Caller<'a, Host>);

// === impl Call ===

impl Call<'_> {
    pub(crate) fn host(&mut self) -> &mut Host {
        self.0.data_mut()
    }

    fn memory(&self) -> Memory {
        self.0.get_export("memory").and_then(Extern::into_memory).expect("the module exports its memory")
    }

    pub(crate) fn bytes(&self, start: u32, size: u32) -> Vec<u8> {
        let mut bytes = vec![0; size as usize];
        self.memory().read(&self.0, start as usize, &mut bytes).expect("the bytes are in the memory");
        bytes
    }

    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) {
        self.memory().write(&mut self.0, at as usize, bytes).expect("the place is in the memory");
    }

    pub(crate) fn write(&mut self, at: u32, number: u32) {
        self.put(at, &number.to_le_bytes());
    }

    /// Hands over bytes, in memory that the module allocates for them; nothing is allocated for nothing.
    fn give(&mut self, bytes: &[u8], data: u32, size: u32) -> u32 {
        let mut place = 0;
        if !bytes.is_empty() {
            let allocate = self.0.get_export("proxy_on_memory_allocate").and_then(Extern::into_func);
            let allocate = allocate.expect("the module allocates").typed::<u32, u32>(&self.0).unwrap();
            let length = u32::try_from(bytes.len()).unwrap();
            place = allocate.call(&mut self.0, length).expect("the module allocates");
            assert_ne!(place, 0, "the module has room");
            self.host().allocations += 1;
            self.put(place, bytes);
        }
        self.write(data, place);
        self.write(size, u32::try_from(bytes.len()).unwrap());
        OK
    }
}

/// A header map as Envoy hands it over: how many, their lengths, then names and values, each with a zero byte behind it.
fn serialize(pairs: &Pairs) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let mut map = u32::try_from(pairs.len()).unwrap().to_le_bytes().to_vec();
    for (name, value) in pairs {
        map.extend(length(name));
        map.extend(length(value));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        map.extend(text);
        map.push(0);
    }
    map
}

/// A header map as the module hands it over, which is the same.
fn parse(map: &[u8]) -> Pairs {
    let number = |at: usize| u32::from_le_bytes(map[at..at + 4].try_into().unwrap()) as usize;
    let count = if map.is_empty() { 0 } else { number(0) };
    let mut at = 4 + 8 * count;
    let mut next = |length: usize| {
        let text = map[at..at + length].to_vec();
        at += length + 1;
        text
    };
    (0..count).map(|n| (next(number(4 + 8 * n)), next(number(8 + 8 * n)))).collect()
}
