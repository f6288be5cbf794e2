//! As much of protobuf as two small messages need, Envoy's rate-limit question and its signature question: no library is worth
//! its bytes in the filter's module. <https://protobuf.dev/programming-guides/encoding/>

/// Adds text, bytes or a message under a field number below 16 (wire type 2).
pub fn field(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(number << 3 | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(bytes);
}
