//! The same ten routes, answered by one function of Lambda that keeps its records in DynamoDB.

use super::{Data, Told, records};
use crate::demo::backend::Functions;
use serde_json::json;

pub(super) const LAMBDA_CRUD: Told = Told {
    document: "examples/lambda-crud/gateway.json",
    host: "127.0.0.1",
    ready: &["/users"],
    needs: &Functions {
        folder: "examples/lambda-crud",
        tables: "create_tables.py",
        place: "http://127.0.0.1:3001",
    },
    data: Data::Nothing { why: "its tables are in the memory of moto" },
    requests: |_| {
        records(
            json!({ "name": "Ann", "email": "ann@example.com" }),
            "404 of the function: the route is there, the user is not",
        )
    },
};
