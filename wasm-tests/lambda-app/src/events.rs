//! Events read into AWS's own types and written again.

use lambda_http::Error;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use serde_json::Value;
use std::io::BufRead;

/// Reads an event a line from standard input, and writes a line with what was understood of it.
///
/// # Errors
/// If a line is no event.
pub fn read() -> Result<(), Error> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let event: Value = serde_json::from_str(&line)?;
        let understood = if event["version"] == "2.0" {
            serde_json::to_string(&serde_json::from_str::<ApiGatewayV2httpRequest>(&line)?)
        } else {
            serde_json::to_string(&serde_json::from_str::<ApiGatewayProxyRequest>(&line)?)
        };
        println!("{}", understood?);
    }
    Ok(())
}
